// The page: asks for its state every few seconds, and shows it.

import { failures } from "./airflow.js";
import { badge, count, element, link, seconds, show, table, time, trend } from "./draw.js";
import { figures, verdict } from "./figures.js";
import { prepare } from "./settle.js";

const STATE_MS = 10_000;
const FAILURES_MS = 30_000;
const at = (id) => document.getElementById(id);

const MOODS = { fresh: "good", cause: "bad", waiting: "mind", ok: "good", broken: "bad", unknown: "mind", raised: "bad", cleared: "good", MERGED: "good", SET_ASIDE: "mind" };
const state = (name) => badge(name, MOODS[name]);
const CAUSES = { scheduled: "timer", asset_triggered: "hint", manual: "by hand", backfill: "backfill" };
const runOf = (run) => link(CAUSES[run.split("__")[0]] ?? "run", `../dags/load_ticks/runs/${encodeURIComponent(run)}`);

const loads = (rows) =>
  table(
    [
      ["Ended", (row) => time(row.ENDED_AT), "time"],
      ["Objects", (row) => link(count(row.OBJECTS), `?run=${encodeURIComponent(row.RUN_ID)}`, true), "number"],
      ["Rows", (row) => count(row.RECORDS), "number"],
      ["Rejected", (row) => count(row.REJECTS), "number"],
      ["Landed → CURATED", (row) => seconds(row.SECONDS), "number"],
      ["Cause", (row) => runOf(row.RUN_ID)],
    ],
    rows,
  );

const waiting = (rows) =>
  element("p", {}, ...rows.flatMap((row) => [state(row.STATE), ` g${row.GENERATION}/p${row.PARTITION_ID}: ${count(row.OBJECTS)} objects since ${time(row.SINCE)} `]));

const alarms = (rows) =>
  table(
    [
      ["State", (row) => state(row.STATE)],
      ["Alarm", (row) => row.NAME],
      ["Since", (row) => time(row.SINCE), "time"],
      ["Changed", (row) => time(row.CHANGED_AT), "time"],
      ["What", (row) => row.DETAIL, "text"],
    ],
    rows,
  );

const failed = (rows) =>
  table(
    [
      ["Started", ({ run }) => time(run.start_date), "time"],
      ["DAG", ({ run, task, href }) => link(task ? `${run.dag_id}.${task.task_id}` : run.dag_id, href)],
      ["Why", ({ why }) => why, "text"],
    ],
    rows,
  );

// Results come oldest first; the last one of a rule is what holds now.
function checks(rows) {
  const rules = new Map();
  for (const row of rows) {
    const name = `${row.RULE} ${row.TABLE_NAME}`;
    rules.set(name, [...(rules.get(name) ?? []), row]);
  }
  const order = ["broken", "unknown", "ok"];
  const newest = [...rules.values()].map((results) => ({ ...results.at(-1), trend: results.map((each) => each.OFFENDING) }));
  newest.sort((one, other) => order.indexOf(one.STATUS) - order.indexOf(other.STATUS));
  return table(
    [
      ["State", (row) => state(row.STATUS)],
      ["Rule", (row) => element("span", { title: row.EXAMPLES }, row.RULE)],
      ["Severity", (row) => row.SEVERITY],
      ["Found", (row) => `${count(row.OFFENDING)} of ${count(row.CHECKED)}`, "number"],
      ["Trend", (row) => trend(row.trend)],
      ["Checked", (row) => time(row.CHECKED_AT), "time"],
    ],
    newest,
  );
}

const objects = (rows) =>
  table(
    [
      ["Object", (row) => row.OBJECT_KEY],
      ["State", (row) => state(row.STATE)],
      ["Offsets", (row) => `${row.FIRST_OFFSET} – ${row.LAST_OFFSET}`, "number"],
      ["Rows", (row) => count(row.RECORDS), "number"],
      ["Rejected", (row) => count(row.REJECTS), "number"],
      ["Bytes", (row) => count(row.SIZE_BYTES), "number"],
      ["Landed", (row) => time(row.LANDED_AT), "time"],
      ["Loaded", (row) => time(row.LOADED_AT), "time"],
    ],
    rows,
  );

function elsewhere({ dashboard, runbooks }) {
  at("dashboard").hidden = !dashboard;
  if (dashboard) at("dashboard").href = dashboard;
  at("runbooks").hidden = runbooks.length === 0;
  at("runbooks").replaceChildren("Runbooks: ", ...runbooks.map((name) => link(name.replaceAll("-", " "), `runbooks/${name}`, true)));
}

async function json(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(answer.status === 401 || answer.status === 403 ? "Sign in to Airflow again." : `Airflow answers ${answer.status}.`);
  return answer.json();
}

function say(mood, text) {
  at("verdict").className = `badge ${mood}`;
  at("verdict").textContent = text;
}

async function refresh() {
  try {
    const told = await json("state");
    const { panels } = told;
    elsewhere(told);
    say(...verdict(panels));
    at("figures").replaceChildren(...figures(panels.metrics.rows ?? [], told.targets));
    show(at("alarms"), panels.alarms, "None raised, none cleared in the last day.", alarms);
    show(at("waiting"), panels.waiting, "", waiting);
    show(at("loads"), panels.loads, "Nothing was loaded in the last day.", loads);
    show(at("checks"), panels.checks, "No rule has run in the last day.", checks);
    at("as-of").textContent = `as of ${time(new Date())} UTC`;
  } catch (error) {
    say("bad", error.message);
  }
}

async function refreshFailures() {
  const panel = await failures().then((rows) => ({ rows }), (error) => ({ why: error.message }));
  show(at("failures"), panel, "None.", failed);
}

async function one(query) {
  at("overview").hidden = true;
  at("objects").hidden = false;
  const what = query.get("run") ? `run ${query.get("run")}` : `hour ${query.get("hour")}`;
  at("objects-title").textContent = `Objects of ${what}`;
  const panel = await json(`objects?${query}`).catch((error) => ({ why: error.message }));
  show(at("objects").querySelector(".panel"), panel, "The ledger knows none: the run found nothing new.", objects);
  at("verdict").hidden = true;
}

const query = new URLSearchParams(location.search);
if (query.has("run") || query.has("hour")) {
  await one(query);
} else {
  prepare();
  refresh();
  refreshFailures();
  setInterval(refresh, STATE_MS);
  setInterval(refreshFailures, FAILURES_MS);
}
