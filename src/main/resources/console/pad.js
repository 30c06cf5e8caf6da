// A pad to draw one digit on. It gives 8 by 8 pixels of 0 to 16, as the model was trained with: how many of the 4 by 4 dots of each
// pixel are inked, after the drawing was scaled to the whole field.

const PIXELS = 8;
const DOTS = 32;
const BRUSH = 1.75;
const MARGIN = 1.5;

const EXAMPLES = [
  [[[.2, .12], [.8, .12], [.62, .42], [.48, .7], [.42, .92]], [[.3, .52], [.74, .5]]],
  [[[.25, .28], [.36, .13], [.58, .1], [.74, .24], [.68, .44], [.46, .66], [.24, .9], [.78, .88]]],
  [[[.26, .16], [.52, .08], [.72, .2], [.66, .38], [.46, .47], [.7, .56], [.76, .74], [.56, .91], [.26, .84]]],
  [[[.5, .08], [.3, .22], [.22, .5], [.3, .8], [.5, .92], [.7, .8], [.78, .5], [.7, .22], [.5, .08]]],
  [[[.56, .08], [.38, .3], [.22, .58], [.8, .58]], [[.6, .34], [.56, .94]]],
];

export class Pad {
  #canvas;
  #strokes = [];
  #cells = new Set();
  #cursor = 27;
  #isTyping = false;
  #next = 0;

  /** @param drawn is called when the drawing may be complete  @param asked when Enter is pressed */
  constructor(canvas, {drawn, asked}) {
    this.#canvas = canvas;
    let stroke = null;
    const point = event => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    canvas.addEventListener("pointerdown", event => {
      canvas.setPointerCapture(event.pointerId);
      this.#isTyping = false;
      stroke = [point(event)];
      this.#strokes.push(stroke);
      this.paint();
      event.preventDefault();
      canvas.focus({preventScroll: true});
    });
    canvas.addEventListener("pointermove", event => {
      if (stroke) {
        for (const each of event.getCoalescedEvents?.() ?? [event]) {
          stroke.push(point(each));
        }
        this.paint();
      }
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => {
        if (stroke) {
          stroke = null;
          drawn();
        }
      });
    }
    canvas.addEventListener("keydown", event => this.#typed(event, asked));
    canvas.addEventListener("blur", () => this.#show(false));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    this.paint();
  }

  get isEmpty() {
    return this.#strokes.length === 0 && this.#cells.size === 0;
  }

  clear() {
    this.#strokes = [];
    this.#cells.clear();
    this.paint();
  }

  showExample() {
    this.#cells.clear();
    this.#strokes = EXAMPLES[this.#next++ % EXAMPLES.length];
    this.#strokes = structuredClone(this.#strokes);
    this.paint();
  }

  pixels() {
    const pixels = Array(PIXELS * PIXELS).fill(0);
    for (const cell of this.#cells) {
      pixels[cell] = 16;
    }
    if (this.#strokes.length > 0) {
      const at = this.#fitted();
      for (let y = 0; y < DOTS; y++) {
        for (let x = 0; x < DOTS; x++) {
          if (at.some(line => near(line, x + .5, y + .5))) {
            const pixel = Math.floor(y / 4) * PIXELS + Math.floor(x / 4);
            pixels[pixel] = Math.min(16, pixels[pixel] + 1);
          }
        }
      }
    }
    return pixels;
  }

  /** The strokes as lines of dots, scaled so that the longer side fills the field. */
  #fitted() {
    const xs = this.#strokes.flat().map(p => p[0]);
    const ys = this.#strokes.flat().map(p => p[1]);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const scale = (DOTS - 2 * MARGIN) / Math.max(right - left, bottom - top, .05);
    const place = ([x, y]) => [DOTS / 2 + (x - (left + right) / 2) * scale, DOTS / 2 + (y - (top + bottom) / 2) * scale];
    return this.#strokes.map(stroke => stroke.map(place));
  }

  #typed(event, asked) {
    const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    const move = moves[event.key];
    if (move) {
      const x = Math.min(PIXELS - 1, Math.max(0, (this.#cursor % PIXELS) + move[0]));
      const y = Math.min(PIXELS - 1, Math.max(0, Math.floor(this.#cursor / PIXELS) + move[1]));
      this.#cursor = y * PIXELS + x;
    } else if (event.key === " ") {
      this.#strokes = [];
      if (!this.#cells.delete(this.#cursor)) {
        this.#cells.add(this.#cursor);
      }
    } else if (event.key === "Enter") {
      asked();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else {
      return;
    }
    event.preventDefault();
    this.#show(true);
  }

  #show(isTyping) {
    this.#isTyping = isTyping;
    this.paint();
  }

  paint() {
    const size = this.#canvas.width;
    const cell = size / PIXELS;
    const style = getComputedStyle(document.documentElement);
    const draw = this.#canvas.getContext("2d");
    draw.clearRect(0, 0, size, size);
    draw.strokeStyle = style.getPropertyValue("--line");
    draw.lineWidth = 1;
    for (let i = 1; i < PIXELS; i++) {
      draw.strokeRect(i * cell, -1, 0, size + 2);
      draw.strokeRect(-1, i * cell, size + 2, 0);
    }
    draw.fillStyle = draw.strokeStyle = style.getPropertyValue("--ink");
    for (const at of this.#cells) {
      draw.fillRect((at % PIXELS) * cell + 1, Math.floor(at / PIXELS) * cell + 1, cell - 2, cell - 2);
    }
    draw.lineWidth = size * .085;
    draw.lineCap = draw.lineJoin = "round";
    for (const stroke of this.#strokes) {
      draw.beginPath();
      draw.moveTo(stroke[0][0] * size, stroke[0][1] * size);
      for (const [x, y] of stroke) {
        draw.lineTo(x * size, y * size + .01);
      }
      draw.stroke();
    }
    if (this.#isTyping) {
      draw.strokeStyle = style.getPropertyValue("--accent");
      draw.lineWidth = 3;
      draw.strokeRect((this.#cursor % PIXELS) * cell + 1.5, Math.floor(this.#cursor / PIXELS) * cell + 1.5, cell - 3, cell - 3);
    }
  }
}

function near(line, x, y) {
  return line.some((to, i) => {
    const from = line[Math.max(0, i - 1)];
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const length = dx * dx + dy * dy;
    const part = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - from[0]) * dx + (y - from[1]) * dy) / length));
    return Math.hypot(x - from[0] - part * dx, y - from[1] - part * dy) <= BRUSH;
  });
}
