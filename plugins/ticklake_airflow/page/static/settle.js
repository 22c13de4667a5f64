// Acts: a load now, and a backfill of settle_ticks over hours of arrival. Airflow decides who may.

import { ask } from "./airflow.js";

const said = document.getElementById("said");
const form = document.getElementById("settle");

async function act(work) {
  said.textContent = "Asking Airflow …";
  try {
    said.textContent = await work();
  } catch (error) {
    said.textContent = error.message;
  }
}

// What Airflow calls a backfill; its last hour is the one before `to`.
function backfill() {
  const from = new Date(`${form.from.value}Z`);
  const to = new Date(new Date(`${form.to.value}Z`).getTime() - 3_600_000);
  if (!(from <= to)) throw new Error("Choose at least one whole hour.");
  return {
    dag_id: "settle_ticks",
    from_date: from.toISOString(),
    to_date: to.toISOString(),
    run_backwards: false,
    reprocess_behavior: "completed",
    max_active_runs: 1,
    dag_run_conf: { rebuild: form.rebuild.checked, dry_run: form.dry_run.checked },
  };
}

export function prepare() {
  const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  form.from.value = new Date(hour - 3_600_000).toISOString().slice(0, 16);
  form.to.value = new Date(hour).toISOString().slice(0, 16);

  document.getElementById("load").addEventListener("click", () =>
    act(async () => `Started: ${(await ask("dags/load_ticks/dagRuns", { logical_date: null })).dag_run_id}`),
  );
  document.getElementById("hours").addEventListener("click", () =>
    act(async () => {
      const { backfills: runs } = await ask("backfills/dry_run", backfill());
      const hours = runs.map((run) => run.partition_key ?? run.logical_date.slice(0, 13)).join(", ");
      return `${runs.length} ${runs.length === 1 ? "hour" : "hours"}: ${hours}`;
    }),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(async () => `Started backfill ${(await ask("backfills", backfill())).id}; its runs are under Backfills.`);
  });
}
