// Calls of the API, as any client makes them.

let credential = "";

export function identify(text) {
  credential = text.trim();
}

/** fetch, with the credential if there is one, and with errors as problem documents. A JSON Web Token has three parts. */
export function call(path, options = {}) {
  const headers = new Headers(options.headers);
  headers.set("Accept", "application/json, application/problem+json");
  if (credential.split(".").length === 3) {
    headers.set("Authorization", `Bearer ${credential}`);
  } else if (credential) {
    headers.set("X-API-Key", credential);
  }
  return fetch(path, {...options, headers, cache: "no-store"});
}

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `status ${status}`);
    this.status = status;
  }
}

async function json(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refused(response.status, body);
  }
  return body;
}

const address = model => `/v2/models/${encodeURIComponent(model)}`;

export async function metadata(model) {
  return json(await call(address(model)));
}

/** Asks a model, and returns its answer with the timings of the stages and of the whole way, in milliseconds. */
export async function ask(model, inputs) {
  const began = performance.now();
  const accepted = await json(await call(`${address(model)}/infer`, {
    method: "POST",
    headers: {"Content-Type": "application/json", Prefer: "respond-async"},
    body: JSON.stringify({inputs}),
  }));
  const status = await json(await call(`/v2/requests/${encodeURIComponent(accepted.id)}`, {headers: {Prefer: "wait=20"}}));
  const total = performance.now() - began;
  if (status.status !== "succeeded") {
    throw new Refused(200, status.error ?? {title: `the request ${status.status ?? "has no outcome yet"}`});
  }
  return {response: status.response ?? {}, timings: {...status.timings, total_ms: total}};
}

/** Browsers fail fetches when there are very many. */
const MOST_AT_ONCE = 250;

/**
 * Sends many calls at once. The browser itself holds them back to what it opens connections for. Every second call is patient: all of them
 * together keep the workers busy, and so the others find a queue.
 *
 * @param deadline of the others, in milliseconds
 * @param heard is called with the counts so far
 */
export async function burst(model, inputs, {calls, deadline}, heard) {
  const body = JSON.stringify({inputs});
  const counts = {sent: calls, good: 0, refused: 0, late: 0, failed: 0, reason: ""};
  const one = async i => {
    const hurry = i % 2 === 0 ? {} : {"Penstock-Timeout-Ms": String(deadline)};
    try {
      const response = await call(`${address(model)}/infer`, {
        method: "POST",
        headers: {"Content-Type": "application/json", ...hurry},
        body,
      });
      if (response.ok) {
        counts.good++;
        await response.arrayBuffer();
      } else {
        const problem = await response.json().catch(() => ({}));
        if (response.status === 503 || response.status === 429) {
          counts.refused++;
          counts.reason = problem.detail ?? "";
        } else if (response.status === 504) {
          counts.late++;
        } else {
          counts.failed++;
          counts.reason = problem.detail ?? "";
        }
      }
    } catch {
      counts.failed++;
    }
    heard(counts);
  };
  let next = 0;
  const lane = async () => {
    while (next < calls) {
      await one(next++);
    }
  };
  await Promise.all(Array.from({length: MOST_AT_ONCE}, lane));
  return counts;
}

const SEVEN = [
  0, 0, 9, 16, 16, 16, 5, 0, 0, 1, 14, 10, 8, 16, 8, 0, 0, 0, 0, 0, 7, 16, 3, 0, 0, 3, 8, 11, 15, 16, 11, 0,
  0, 8, 16, 16, 15, 11, 3, 0, 0, 0, 2, 16, 7, 0, 0, 0, 0, 0, 8, 16, 1, 0, 0, 0, 0, 0, 13, 10, 0, 0, 0, 0,
];

/** Elements that are not written out; a longer input is filled with zeros when it is sent. */
const MOST_TYPED = 1024;

export function isDigits(model) {
  return model.inputs.length === 1 && model.inputs[0].name === "pixels" && model.inputs[0].shape.at(-1) === 64;
}

/** A valid example of a model's inputs, made up from its metadata. */
export function example(model) {
  return model.inputs.map(input => {
    const shape = input.shape.map(size => (size < 0 ? 1 : size));
    const count = elements(shape);
    const values = isDigits(model) && count === 64 ? SEVEN : Array.from({length: Math.min(count, MOST_TYPED)}, (_, i) => made(input, i));
    return {name: input.name, datatype: input.datatype, shape, data: count > MOST_TYPED ? [] : values};
  });
}

function made(input, i) {
  switch (input.datatype) {
    case "BOOL": return i % 2 === 0;
    case "BYTES": return "text";
    case "FP16": case "FP32": case "FP64": case "BF16": return ((i * 37) % 20) / 10;
    default: return 1 + (i % 3);
  }
}

export function elements(shape) {
  return shape.reduce((product, size) => product * size, 1);
}

export function zeros(datatype, count) {
  const zero = datatype === "BOOL" ? false : datatype === "BYTES" ? "" : 0;
  return Array(count).fill(zero);
}

/** The same inputs with so many rows, where their first dimension counts rows. */
export function repeated(model, inputs, rows) {
  return inputs.map((input, i) => {
    if (model.inputs[i].shape[0] !== -1) {
      return input;
    }
    const one = input.data.slice(0, elements(input.shape.slice(1)));
    return {...input, shape: [rows, ...input.shape.slice(1)], data: Array.from({length: rows}, () => one).flat()};
  });
}
