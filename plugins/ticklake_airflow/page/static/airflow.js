// What is asked of Airflow's own API, with the rights of who looks at the page, and the way out of the frame.

const API = "../api/v2/";

export async function ask(path, body) {
  const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(API + path, sent);
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const detail = told.detail?.reason ?? told.detail ?? "";
  throw new Error(`Airflow answers ${answer.status}: ${typeof detail === "string" ? detail : JSON.stringify(detail)}`);
}

const runPath = (run) => `dags/${encodeURIComponent(run.dag_id)}/dagRuns/${encodeURIComponent(run.dag_run_id)}`;

// Runs of the last day that failed, each with its task that failed, the error's own words, and where its log is.
export async function failures() {
  const since = new Date(Date.now() - 86_400_000).toISOString();
  const { dag_runs: runs } = await ask(`dags/~/dagRuns?state=failed&start_date_gte=${since}&order_by=-start_date&limit=6`);
  return Promise.all(runs.map(failure));
}

async function failure(run) {
  const { task_instances: failed } = await ask(`${runPath(run)}/taskInstances?state=failed&limit=1`);
  const task = failed[0];
  if (!task) return { run, why: "no task failed", href: `../dags/${run.dag_id}/runs/${encodeURIComponent(run.dag_run_id)}` };
  const mapped = task.map_index >= 0 ? `/mapped/${task.map_index}` : "";
  const href = `../dags/${run.dag_id}/runs/${encodeURIComponent(run.dag_run_id)}/tasks/${task.task_id}${mapped}`;
  return { run, task, href, why: await words(run, task) };
}

// A log that cannot be read is no reason to hide the run.
async function words(run, task) {
  try {
    const { content } = await ask(`${runPath(run)}/taskInstances/${task.task_id}/logs/${task.try_number}?map_index=${task.map_index}&full_content=true`);
    const errors = content.flatMap((line) => line.error_detail ?? []);
    return errors.at(-1)?.exc_value || "see its log";
  } catch {
    return "see its log";
  }
}

// The frame may not move the window around it, and opens no new one; a link of that window's own document may.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || parent === window || "inside" in link.dataset || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const outer = Object.assign(parent.document.createElement("a"), { href: link.href });
  if (outer.origin !== location.origin) Object.assign(outer, { target: "_blank", rel: "noopener" });
  outer.click();
});
