import {ask, burst, call, elements, example, identify, isDigits, metadata, repeated, zeros} from "/console/calls.js";
import {Lines, Pipe, Sizes} from "/console/charts.js";
import {Pad} from "/console/pad.js";

const at = id => document.getElementById(id);

/** Text that has not changed is left alone, so that screen readers stay silent. */
function say(id, text) {
  const element = at(id);
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) {
    element.textContent = text;
  }
  if (className) {
    element.className = className;
  }
  return element;
}

const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
const fine = new Intl.NumberFormat("en", {maximumFractionDigits: 1});
const number = value => (value === undefined ? "–" : (value < 10 ? fine : whole).format(value));
const percent = value => `${whole.format((value ?? 0) * 100)} %`;

function duration(seconds) {
  if (seconds === undefined) {
    return "–";
  }
  const ms = seconds * 1000;
  return ms < 1000 ? `${number(ms)} ms` : `${fine.format(seconds)} s`;
}

const sum = values => values.reduce((a, b) => a + b, 0);
const total = byLabel => sum(Object.values(byLabel ?? {}));
const most = values => {
  const known = values.filter(value => value !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
};

// What is shown: one model, or all together.

function merged(byLabels) {
  const all = {};
  for (const byLabel of byLabels) {
    for (const [label, value] of Object.entries(byLabel)) {
      all[label] = (all[label] ?? 0) + value;
    }
  }
  return all;
}

function together(models, service) {
  if (models.length === 1) {
    return models[0];
  }
  const batches = models.map(model => model.batches).filter(Boolean);
  const batchRate = sum(batches.map(each => each.rate));
  const busiest = batches.reduce((a, b) => (b.rate > a.rate ? b : a), {rate: 0});
  const sizes = new Map();
  batches.flatMap(each => each.sizes).forEach(([bound, count]) => sizes.set(bound, (sizes.get(bound) ?? 0) + count));
  return {
    admitted: sum(models.map(model => model.admitted)),
    refused: merged(models.map(model => model.refused)),
    answered: merged(models.map(model => model.answered)),
    latency: service?.latency ?? {},
    queue: {
      rows: sum(models.map(model => model.queue.rows ?? 0)),
      oldest: most(models.map(model => model.queue.oldest)),
      predicted_wait: most(models.map(model => model.queue.predicted_wait)),
    },
    batches: {
      rate: batchRate,
      rows: batchRate > 0 ? sum(batches.map(each => each.rate * (each.rows ?? 0))) / batchRate : undefined,
      target: busiest.target,
      busy: most(batches.map(each => each.busy)) ?? 0,
      sizes: [...sizes.entries()].sort((a, b) => a[0] - b[0]),
    },
  };
}

const REASONS = {
  capacity: "too much is queued",
  sleeping: "no worker runs, and one takes time to start",
  kafka: "Kafka does not answer",
  ingress: "calls are read too late",
  pending: "too many calls wait",
};

function gate(refused) {
  const [reason] = Object.entries(refused).sort((a, b) => b[1] - a[1])[0] ?? [];
  if (!reason) {
    return "open";
  }
  return REASONS[reason] ?? "a quota is used up";
}

const calls = new Lines(at("chart-calls"), 10);
const latency = new Lines(at("chart-latency"), 5);
const sizes = new Sizes(at("chart-sizes"));
const pipe = new Pipe(at("pipe"));
let shown = "";

/** The largest mean of a second since the burst began; null before the first. */
let largest = null;

at("shown").addEventListener("change", event => {
  shown = event.target.value;
  [calls, latency, sizes].forEach(chart => chart.clear());
});

function showFlow({service, models}) {
  const isWhole = service ? service.whole : models.some(model => model.batches);
  document.querySelectorAll("[data-worker]").forEach(part => part.classList.toggle("elsewhere", !isWhole));
  at("scope").hidden = isWhole;
  const chosen = shown ? models.filter(model => model.name === shown) : models;
  const flow = together(chosen, service);
  const refused = total(flow.refused);
  say("offered", number(flow.admitted + refused));
  say("pending", number(service?.pending_calls));
  say("admitted", number(flow.admitted));
  say("refused", number(refused));
  at("refused").classList.toggle("loud", refused > 0);
  say("gate", gate(flow.refused));
  say("rows", isWhole ? number(flow.queue.rows) : "–");
  say("oldest", flow.queue.oldest ? duration(flow.queue.oldest) : "–");
  say("predicted", duration(flow.queue.predicted_wait));
  say("batch", isWhole ? number(flow.batches?.rows) : "–");
  say("batches", isWhole ? number(flow.batches?.rate) : "–");
  say("target", flow.batches?.target ? `${whole.format(flow.batches.target)} rows` : "–");
  say("busy", isWhole ? percent(flow.batches?.busy) : "–");
  say("answers", number(total(flow.answered)));
  for (const each of ["p50", "p95", "p99"]) {
    say(each, duration(flow.latency[each]));
  }
  const bad = total(flow.answered) - (flow.answered.succeeded ?? 0);
  say("bad", number(bad));
  calls.push(flow.admitted, refused);
  latency.push(ms(flow.latency.p50), ms(flow.latency.p99));
  sizes.push(flow.batches?.sizes ?? []);
  if (largest !== null && flow.batches?.rows > largest) {
    largest = flow.batches.rows;
    say("count-batch", `${number(largest)} rows`);
  }
  pipe.show({admitted: flow.admitted, refused, batch: flow.batches?.rows ?? 1});
}

const ms = seconds => (seconds === undefined ? null : seconds * 1000);

// The verdict changes on the page only when two looks in a row agree, so that it can be read, and read aloud.

let heard = "";

function showVerdict(service) {
  const diagnosis = service?.diagnosis;
  if (!service) {
    say("verdict", "Your models");
    say("figures", "The verdict on the whole service is for callers who may use every model.");
    say("knob", "");
    return;
  }
  if (!diagnosis) {
    return;
  }
  const sentence = `${diagnosis.sentence}${diagnosis.model ? ` (${diagnosis.model})` : ""}.`;
  if (heard === sentence || at("verdict").textContent === "One moment") {
    say("verdict", sentence);
    say("figures", diagnosis.figures);
    say("knob", diagnosis.is_healthy ? "" : diagnosis.knob);
  }
  heard = sentence;
}

// Lists are made anew only when they differ.

const listed = new Map();

function list(id, items, row) {
  const text = JSON.stringify(items);
  if (listed.get(id) !== text) {
    listed.set(id, text);
    at(id).replaceChildren(...items.map(row));
  }
}

function pair([name, value]) {
  const item = make("li");
  item.append(make("span", name), make("span", value));
  return item;
}

function showLists({service, models}) {
  list("models", models.flatMap(model => model.versions.map(version =>
    [model.name, version.version ?? "all", version.state.toLowerCase(), String(model.workers.length), version.reason])), cells => {
    const row = make("tr");
    cells.forEach((text, i) => {
      const cell = make("td");
      cell.append(i === 2 ? make("span", text, text === "ready" ? "state ready" : "state") : text);
      row.append(cell);
    });
    return row;
  });

  const workers = new Map();
  for (const model of models) {
    for (const {id, partitions} of model.workers) {
      const known = workers.get(id) ?? {models: 0, partitions: 0};
      workers.set(id, {models: known.models + 1, partitions: known.partitions + partitions});
    }
  }
  const rows = [...workers].map(([id, worker]) =>
    [id, `${worker.models} ${worker.models === 1 ? "model" : "models"}, ${worker.partitions} partitions`]);
  list("workers", rows.length > 0 ? rows : [["No worker is alive.", ""]], pair);

  const around = [];
  const add = (name, value) => value !== undefined && around.push([name, value]);
  if (service) {
    add("Kafka", service.kafka_up === undefined ? undefined : service.kafka_up === 1 ? "answers" : "does not answer");
    add("Redis", service.redis_up === undefined ? undefined : service.redis_up === 1 ? "answers" : "does not answer");
    add("CPU of this process", service.cpu === undefined ? undefined : percent(service.cpu));
    add("Memory of the host", service.memory === undefined ? undefined : percent(service.memory));
    add("Event loops late by", service.event_loop_lag === undefined ? undefined : duration(service.event_loop_lag));
    service.gpus.forEach(gpu => add(`GPU ${gpu.gpu}`, `${percent(gpu.utilization)}, memory ${percent(gpu.memory)}`));
    service.views.forEach(view => add(`Hit ratio of features '${view.view}'`, view.inputs > 0 ? percent(view.hits / view.inputs) : "no lookups"));
  } else {
    around.push(["Shown to callers who may use every model", ""]);
  }
  list("around", around, pair);
}

// Models to choose from.

let known = [];

function showChoices(models) {
  const names = models.map(model => model.name);
  if (JSON.stringify(names) === JSON.stringify(known)) {
    return;
  }
  known = names;
  for (const [id, first] of [["shown", "all models"], ["called", null]]) {
    const select = at(id);
    const before = select.value;
    select.replaceChildren(...(first ? [new Option(first, "")] : []), ...names.map(name => new Option(name, name)));
    select.value = names.includes(before) ? before : first ? "" : (names.includes("churn") ? "churn" : names[0] ?? "");
  }
  shown = at("shown").value;
  describe();
  findDigits(names);
}

// The pad.

let digits = null;

async function findDigits(names) {
  if (!names.includes("digits") || digits) {
    return;
  }
  const model = await metadata("digits").catch(() => null);
  if (model && isDigits(model)) {
    digits = model;
    at("draw").hidden = false;
  }
}

let soon = 0;
const pad = new Pad(at("pad"), {
  drawn: () => {
    clearTimeout(soon);
    soon = setTimeout(askDigit, 700);
  },
  asked: askDigit,
});

at("ask").addEventListener("click", askDigit);
at("example").addEventListener("click", () => {
  pad.showExample();
  askDigit();
});
at("clear").addEventListener("click", () => {
  clearTimeout(soon);
  pad.clear();
  at("digit-answer").replaceChildren(make("p", "Draw with a finger, a mouse, or the arrow keys and space.", "hint"));
  at("digit-timings").hidden = true;
});

async function askDigit() {
  clearTimeout(soon);
  if (pad.isEmpty) {
    at("digit-answer").replaceChildren(make("p", "Draw something first.", "hint"));
    return;
  }
  try {
    const {response, timings} = await ask("digits", [{name: "pixels", datatype: "FP32", shape: [1, 64], data: pad.pixels()}]);
    const output = name => response.outputs.find(each => each.name === name)?.data ?? [];
    const [digit] = output("digit");
    const second = output("scores").map((score, i) => [score, i]).sort((a, b) => b[0] - a[0])[1]?.[1];
    at("digit-answer").replaceChildren(
      make("p", String(digit), "digit"), make("p", second === undefined ? "" : `It could also be ${/^[8]/.test(second) ? "an" : "a"} ${second}.`, "said"));
    showTimings("digit-timings", timings);
  } catch (failure) {
    at("digit-answer").replaceChildren(make("p", `No answer: ${failure.message}`, "hint"));
    at("digit-timings").hidden = true;
  }
}

function showTimings(id, timings) {
  const parts = [
    ["queue", `${number(timings.queue_ms)} ms`],
    ["features", `${number(timings.features_ms)} ms`],
    ["compute", `${timings.compute_ms < 1 ? timings.compute_ms.toFixed(2) : number(timings.compute_ms)} ms`],
    ["batch of", timings.batch_size === 1 ? "1 row" : `${number(timings.batch_size)} rows`],
    ["whole way", `${number(timings.total_ms)} ms`],
  ];
  at(id).replaceChildren(...parts.map(([name, value]) => {
    const part = make("div");
    part.append(make("dt", name), make("dd", value));
    return part;
  }));
  at(id).hidden = false;
}

// A form for any model, made of its metadata.

let described = null;

async function describe() {
  const name = at("called").value;
  at("inputs").replaceChildren();
  at("call-answer").replaceChildren();
  at("call-timings").hidden = true;
  described = null;
  say("call-note", "");
  if (!name) {
    return;
  }
  try {
    const model = await metadata(name);
    if (at("called").value !== name) {
      return;
    }
    described = model;
    const returns = model.outputs.map(output => `${output.name} (${output.datatype})`).join(", ");
    say("call-note", `The values are made up and valid. It returns ${returns}.`);
    at("inputs").replaceChildren(...example(model).map((input, i) => field(input, model.inputs[i], i)));
  } catch (failure) {
    say("call-note", failure.message);
  }
}

function field(input, declared, i) {
  const row = make("div", undefined, "input");
  const shape = make("input");
  shape.id = `shape-${i}`;
  shape.value = input.shape.join(", ");
  const values = make("textarea");
  values.id = `values-${i}`;
  values.rows = Math.min(6, Math.max(2, Math.ceil(input.data.length / 24)));
  values.value = JSON.stringify(input.data).replaceAll(",", ", ").slice(1, -1);
  values.spellcheck = false;
  if (input.data.length === 0) {
    values.placeholder = "empty: zeros";
  }
  const left = make("div");
  left.append(label(shape.id, `Shape of ${input.name}, ${declared.datatype} [${declared.shape.join(", ")}]`), shape);
  const right = make("div");
  right.append(label(values.id, `Values of ${input.name}`), values);
  row.append(left, right);
  return row;
}

function label(id, text) {
  const element = make("label", text);
  element.htmlFor = id;
  return element;
}

at("called").addEventListener("change", describe);
at("call").addEventListener("submit", async event => {
  event.preventDefault();
  if (!described) {
    return;
  }
  at("call-timings").hidden = true;
  try {
    const inputs = described.inputs.map((input, i) => {
      const shape = JSON.parse(`[${at(`shape-${i}`).value}]`);
      const data = JSON.parse(`[${at(`values-${i}`).value}]`);
      return {name: input.name, datatype: input.datatype, shape, data: data.length > 0 ? data : zeros(input.datatype, elements(shape))};
    });
    const {response, timings} = await ask(described.name, inputs);
    const outputs = make("dl", undefined, "outputs");
    for (const output of response.outputs) {
      const row = make("div");
      const data = output.data.slice(0, 64).join(", ") + (output.data.length > 64 ? " …" : "");
      row.append(make("dt", `${output.name} [${output.shape.join(", ")}]`), make("dd", data));
      outputs.append(row);
    }
    at("call-answer").replaceChildren(outputs);
    showTimings("call-timings", timings);
  } catch (failure) {
    const text = failure instanceof SyntaxError ? "Shape and values must be JSON: numbers, true or false, or texts in quotes, with commas between." : failure.message;
    at("call-answer").replaceChildren(make("p", text, "problem"));
  }
});

// The burst.

at("burst").addEventListener("submit", async event => {
  event.preventDefault();
  const name = shown || (known.includes("digits") ? "digits" : known[0]);
  const button = at("burst-send");
  button.disabled = true;
  say("burst-said", "");
  largest = 0;
  try {
    const model = await metadata(name);
    const inputs = repeated(model, example(model), Number(at("burst-rows").value));
    let isDue = true;
    const show = counts => {
      if (isDue) {
        isDue = false;
        requestAnimationFrame(() => {
          isDue = true;
          showCounts(counts);
        });
      }
    };
    const counts = await burst(name, inputs, {calls: Number(at("burst-calls").value), deadline: Number(at("burst-deadline").value)}, show);
    showCounts(counts);
    const failed = counts.failed > 0 ? `, ${whole.format(counts.failed)} failed` : "";
    say("burst-said", `${whole.format(counts.sent)} calls to '${name}': ${whole.format(counts.good)} answered, ${whole.format(counts.refused)} refused, `
      + `${whole.format(counts.late)} too late${failed}.${counts.reason ? ` Last reason: ${counts.reason}.` : ""}`);
  } catch (failure) {
    say("burst-said", `No burst: ${failure.message}`);
  } finally {
    button.disabled = false;
  }
});

function showCounts(counts) {
  say("count-good", whole.format(counts.good));
  say("count-refused", whole.format(counts.refused));
  say("count-late", whole.format(counts.late));
  at("bar-good").style.width = `${(100 * counts.good) / counts.sent}%`;
  at("bar-refused").style.width = `${(100 * counts.refused) / counts.sent}%`;
}

// The stream of events. fetch and not EventSource, which cannot send a credential.

function show(frame) {
  if (frame.waits_for) {
    say("verdict", "Penstock is starting.");
    say("figures", `It waits for: ${frame.waits_for}`);
    return;
  }
  if (at("verdict").textContent === "Penstock is starting.") {
    say("verdict", "One moment");
    say("figures", "");
  }
  showChoices(frame.models);
  showVerdict(frame.service);
  showFlow(frame);
  showLists(frame);
}

function link(text, isLive) {
  say("link", text);
  at("link").classList.toggle("live", isLive);
}

const RETRY_MS = 2000;
const TOO_MANY_MS = 10_000;

async function watch() {
  try {
    const response = await call("/console/events");
    if (response.status === 401 || response.status === 403) {
      link("not known", false);
      say("verdict", "Who are you?");
      say("figures", "");
      at("key").hidden = false;
      return;
    }
    if (!response.ok) {
      link(response.status === 503 ? "too many pages are open, or it stops" : `status ${response.status}`, false);
      setTimeout(watch, TOO_MANY_MS);
      return;
    }
    at("key").hidden = true;
    link("live", true);
    if (at("verdict").textContent === "Who are you?") {
      say("verdict", "One moment");
    }
    await read(response.body.pipeThrough(new TextDecoderStream()).getReader());
  } catch {
    // The connection broke.
  }
  link("connecting again", false);
  setTimeout(watch, RETRY_MS);
}

async function read(reader) {
  let text = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const events = (text + next.value).split("\n\n");
    text = events.pop();
    for (const event of events) {
      if (event.startsWith("data: ")) {
        show(JSON.parse(event.slice(6)));
      }
    }
  }
}

at("key").addEventListener("submit", event => {
  event.preventDefault();
  identify(at("credential").value);
  link("connecting", false);
  watch();
});

watch();
