// The last minute in pictures. All numbers stand in the text, too; the pictures are hidden from screen readers.

import uPlot from "/console/uplot.js";

export const SECONDS = 60;

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const FONT = "11.5px ui-sans-serif, system-ui, sans-serif";
const times = Array.from({length: SECONDS}, (_, i) => i - SECONDS + 1);

/** Two lines over the last minute: the first in the accent, the second dashed. */
export class Lines {
  #plot;
  #data = [times, Array(SECONDS).fill(null), Array(SECONDS).fill(null)];

  constructor(element, leastTop) {
    const axis = {stroke: () => css("--soft"), font: FONT, ticks: {show: false}, gap: 6};
    this.#plot = new uPlot({
      width: element.clientWidth || 300,
      height: element.clientHeight || 172,
      padding: [8, 16, 0, 0],
      legend: {show: false},
      cursor: {show: false},
      scales: {x: {time: false, range: [-SECONDS + 1, 0]}, y: {range: (_, low, high) => [0, Math.max(leastTop, (high ?? 0) * 1.1)]}},
      axes: [
        {...axis, size: 26, grid: {show: false}, splits: [-50, -40, -30, -20, -10, 0], values: (_, at) => at.map(s => (s === 0 ? "now" : `${-s} s`))},
        {...axis, size: 46, space: 38, grid: {stroke: () => css("--line"), width: 1}, values: (_, at) => at.map(short)},
      ],
      series: [
        {},
        {stroke: () => css("--accent"), width: 2, fill: () => css("--tint"), points: {show: false}, spanGaps: false},
        {stroke: () => css("--ink"), width: 1.5, dash: [4, 4], points: {show: false}, spanGaps: false},
      ],
    }, this.#data, element);
    new ResizeObserver(() => this.#plot.setSize({width: element.clientWidth, height: element.clientHeight})).observe(element);
    dark.addEventListener("change", () => this.#plot.redraw());
  }

  push(first, second) {
    const [, a, b] = this.#data;
    this.#data = [times, [...a.slice(1), first ?? null], [...b.slice(1), second ?? null]];
    this.#plot.setData(this.#data);
  }

  clear() {
    this.#data = [times, Array(SECONDS).fill(null), Array(SECONDS).fill(null)];
    this.#plot.setData(this.#data);
  }
}

function short(value) {
  return value >= 1000 ? `${+(value / 1000).toFixed(1)}k` : `${+value.toFixed(2)}`;
}

/** A column for each second, a row for each size: the darker, the more batches had that size. */
export class Sizes {
  #canvas;
  #seconds = [];

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#paint()).observe(canvas);
    dark.addEventListener("change", () => this.#paint());
  }

  /** @param sizes pairs of the most rows of a batch, and how many batches had so many */
  push(sizes) {
    this.#seconds = [...this.#seconds, sizes].slice(-SECONDS);
    this.#paint();
  }

  clear() {
    this.#seconds = [];
    this.#paint();
  }

  #paint() {
    const [width, height] = fit(this.#canvas);
    if (!width) {
      return;
    }
    const draw = this.#canvas.getContext("2d");
    const rows = 11;
    const [left, bottom] = [46, 26];
    const [w, h] = [(width - left - 16) / SECONDS, (height - bottom - 8) / rows];
    draw.clearRect(0, 0, width, height);
    draw.font = FONT;
    draw.fillStyle = css("--soft");
    draw.textAlign = "right";
    draw.textBaseline = "middle";
    for (let row = 0; row < rows; row += 2) {
      draw.fillText(String(2 ** row), left - 8, height - bottom - (row + .5) * h);
    }
    draw.textAlign = "center";
    for (const ago of [50, 40, 30, 20, 10]) {
      draw.fillText(`${ago} s`, left + (SECONDS - ago) * w, height - 9);
    }
    draw.fillText("now", width - 16, height - 9);
    draw.strokeStyle = css("--line");
    draw.beginPath();
    draw.moveTo(left, height - bottom + .5);
    draw.lineTo(width - 16, height - bottom + .5);
    draw.stroke();
    draw.fillStyle = css("--accent");
    this.#seconds.forEach((sizes, i) => {
      const x = left + (SECONDS - this.#seconds.length + i) * w;
      const all = sizes.reduce((sum, [, count]) => sum + count, 0);
      sizes.forEach(([, count], row) => {
        if (count > 0) {
          draw.globalAlpha = .25 + .75 * (count / all);
          draw.beginPath();
          draw.roundRect(x + .75, height - bottom - (row + 1) * h + 1, Math.max(2, w - 1.5), h - 2, 2);
          draw.fill();
        }
      });
    });
    draw.globalAlpha = 1;
  }
}

/** Drops that run through the service from left to right. At the gate some fall; at the batches they gather. */
export class Pipe {
  #canvas;
  #drops = [];
  #rates = {admitted: 0, refused: 0, batch: 1};
  #owed = {admitted: 0, refused: 0};
  #before = 0;
  #isRunning = false;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#paint()).observe(canvas);
    dark.addEventListener("change", () => this.#paint());
    document.addEventListener("visibilitychange", () => this.#run());
  }

  show(rates) {
    this.#rates = rates;
    this.#run();
  }

  #run() {
    if (!this.#isRunning && !document.hidden && !still.matches && this.#rates.admitted + this.#rates.refused > 0) {
      this.#isRunning = true;
      this.#before = performance.now();
      requestAnimationFrame(now => this.#step(now));
    }
  }

  #step(now) {
    const seconds = Math.min(.1, (now - this.#before) / 1000);
    this.#before = now;
    for (const kind of ["admitted", "refused"]) {
      // A drop for each call would be a solid line: many calls make more drops, but ever more slowly.
      this.#owed[kind] += seconds * Math.min(36, 2.4 * Math.sqrt(this.#rates[kind]));
      while (this.#owed[kind] >= 1) {
        this.#owed[kind]--;
        this.#drops.push({at: -.01 - Math.random() * .02, fell: 0, kind, lane: Math.random() - .5});
      }
    }
    for (const drop of this.#drops) {
      if (drop.kind === "refused" && drop.at > .21) {
        drop.fell += seconds * 1.6;
      } else {
        drop.at += seconds * .3;
      }
    }
    this.#drops = this.#drops.filter(drop => drop.at < 1.02 && drop.fell < 1);
    this.#paint();
    if (document.hidden || (this.#drops.length === 0 && this.#rates.admitted + this.#rates.refused === 0)) {
      this.#isRunning = false;
    } else {
      requestAnimationFrame(then => this.#step(then));
    }
  }

  #paint() {
    const [width, height] = fit(this.#canvas);
    if (!width) {
      return;
    }
    const draw = this.#canvas.getContext("2d");
    const middle = height * .42;
    draw.clearRect(0, 0, width, height);
    draw.strokeStyle = css("--line");
    draw.lineWidth = 14;
    draw.lineCap = "round";
    draw.beginPath();
    draw.moveTo(7, middle);
    draw.lineTo(width - 7, middle);
    draw.stroke();
    draw.fillStyle = css("--accent");
    const size = Math.min(5.5, 2 + Math.log2(Math.max(1, this.#rates.batch)) * .6);
    for (const drop of this.#drops) {
      const inBatch = drop.at > .6;
      // Beyond the queue they sit close together, in steps.
      const at = inBatch ? Math.round(drop.at * 60) / 60 : drop.at;
      draw.globalAlpha = 1 - drop.fell;
      draw.fillStyle = drop.kind === "refused" ? css("--ink") : css("--accent");
      draw.beginPath();
      draw.arc(7 + at * (width - 14), middle + drop.lane * (inBatch ? 2 : 7) + drop.fell * height * .6, inBatch ? size : 2.2, 0, 7);
      draw.fill();
    }
    draw.globalAlpha = 1;
  }
}

/** Gives a canvas as many pixels as the screen has for it, and returns its size in CSS pixels. */
function fit(canvas) {
  const [width, height, dots] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio || 1];
  if (canvas.width !== Math.round(width * dots) || canvas.height !== Math.round(height * dots)) {
    canvas.width = Math.round(width * dots);
    canvas.height = Math.round(height * dots);
  }
  canvas.getContext("2d").setTransform(dots, 0, 0, dots, 0, 0);
  return [width, height];
}
