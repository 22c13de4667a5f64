// The figures on top, of what monitor_pipeline has measured, and the verdict in one line.

import { badge, count, figure, seconds, time } from "./draw.js";

const OLD_MS = 15 * 60_000;
const HOPS = [["event", "Broker"], ["lake", "Lake"], ["warehouse", "Warehouse"]];
const percent = (value) => (value === undefined ? "–" : `${Number(value).toFixed(2)} %`);

// The newest value of a metric, of what `labels` name; undefined when it was not measured with the newest ones.
function reader(rows) {
  const newest = Math.max(...rows.map((row) => Date.parse(row.MEASURED_AT)));
  const fresh = rows.filter((row) => newest - Date.parse(row.MEASURED_AT) < OLD_MS).map((row) => ({ ...row, labels: JSON.parse(row.LABELS) }));
  return (name, labels = {}) => fresh.find((row) => row.NAME === name && Object.entries(labels).every(([key, value]) => row.labels[key] === value))?.VALUE;
}

function hop(value, name, title, target) {
  const [age, waits, late] = ["hop_age_s", "hop_waiting_s", "hop_late"].map((metric) => value(metric, { hop: name }));
  const state = waits === undefined ? badge("unknown", "mind") : late ? badge(`late: ${seconds(waits)}`, "bad") : badge("fresh", "good");
  return figure(title, seconds(age), state, target ? `may wait ${seconds(target)}` : "");
}

export function figures(rows, targets) {
  const value = reader(rows);
  const unknown = value("unknown_minutes");
  const lag = value("lag_records");
  const response = value("dashboard_response_s");
  const credits = value("warehouse_credits_day");
  return [
    ...HOPS.map(([name, title]) => hop(value, name, title, targets[name])),
    figure("Lag", lag === undefined ? "–" : count(lag), "records not in the lake"),
    figure("Landed → CURATED", seconds(value("load_p95_s")), `p95 of the last loads; p50 ${seconds(value("load_p50_s"))}`),
    figure("Objects loaded", percent(value("copy_success_percent")), "of those of a day"),
    figure("Available, a day", percent(value("availability_percent")), `of the minutes, target ${targets.availability} %`, unknown ? `${count(unknown)} minutes unknown` : ""),
    figure("Available, 30 days", percent(value("availability_month_percent")), "of the minutes"),
    figure("Dashboard", response === undefined ? "–" : `${Math.round(1000 * response)} ms`, "until it answers, last time"),
    figure("Warehouse", credits === undefined ? "–" : String(credits), "credits a day"),
  ];
}

// What is most wrong: [mood, words].
export function verdict({ metrics, alarms, checks, loads }) {
  if (loads.why !== undefined) return ["bad", "the warehouse cannot be asked"];
  const raised = (alarms.rows ?? []).filter((row) => row.STATE === "raised").length;
  if (raised) return ["bad", `${raised} ${raised === 1 ? "alarm" : "alarms"} raised`];
  const late = (metrics.rows ?? []).filter((row) => row.NAME === "hop_late" && row.VALUE > 0).map((row) => JSON.parse(row.LABELS).hop);
  if (late.length) return ["bad", `late: ${late.join(", ")}`];
  const newest = new Map((checks.rows ?? []).map((row) => [`${row.RULE} ${row.TABLE_NAME}`, row]));
  const broken = [...newest.values()].filter((row) => row.STATUS === "broken" && row.SEVERITY === "fail").length;
  if (broken) return ["bad", `${broken} ${broken === 1 ? "rule" : "rules"} broken`];
  const measured = Math.max(...(metrics.rows ?? []).map((row) => Date.parse(row.MEASURED_AT)));
  if (!(Date.now() - measured < OLD_MS)) return ["mind", measured > 0 ? `not measured since ${time(measured)}` : "not measured yet"];
  return ["good", "all is well"];
}
