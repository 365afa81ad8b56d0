"use strict";
(() => {
  const data = JSON.parse(document.getElementById("trace").textContent);
  data.sweeps.forward = data.sweeps.forward.map((steps) => steps.map((step, k) => step || data.sweeps.forward[0][k]));
  const element = (id) => document.getElementById(id);
  const panesElement = document.querySelector(".panes");
  const slider = element("slider");
  const seedChoice = element("seed");
  const VALUE = 0, DERIVATIVE = 1;
  const BACKWARD = new Set(["Adjoints", "Gradient"]);
  const PHASES = {
    Inputs: "Inputs", Values: "Values, forwards ↓", Result: "Result", Seed: "Seed",
    Adjoints: "Adjoints, backwards ↑", Gradient: "Gradient", Tangents: "Tangents, forwards ↓", Derivative: "Derivative",
  };

  let position = 0;

  // --- the parts of the page that belong to one mode -----------------------------------------------------

  const panes = [...document.querySelectorAll(".pane")].map((root) => ({
    root,
    mode: root.dataset.mode,
    part: Object.fromEntries(
      ["phase", "equations", "note", "total", "values", "derivatives", "found", "drawing", "listing"].map((name) => [
        name, root.querySelector(`.${name}`),
      ]),
    ),
    picture: root.querySelector("svg"),
    nodes: [...root.querySelectorAll("[data-node]")].map((group) => ({
      group,
      texts: [group.querySelector(".value"), group.querySelector(".derivative")],
    })),
    edges: [...root.querySelectorAll("[data-edge]")],
    rows: [...root.querySelectorAll("[data-row]")].map((row) => [
      [...row.querySelectorAll(".value")],
      [...row.querySelectorAll(".derivative")],
    ]),
  }));

  for (const { picture } of panes) picture.style.minWidth = `${0.75 * picture.width.baseVal.value}px`; // else it scrolls

  const view = () => document.querySelector("[name=view]:checked").value;
  const shownPanes = () => panes.filter((pane) => view() === "both" || view() === pane.mode);
  const isDerivative = (step) => step.equations.some((equation) => equation.side === DERIVATIVE);

  /** The steps of a pane from the first to the last press of the button, each with the sweep it belongs to. */
  function timeline(pane) {
    const sweeps = data.sweeps[pane.mode];
    const sweep = pane.mode === "forward" ? Number(seedChoice.value) : 0;
    if (pane.mode === "forward" && view() === "both" && data.complete) {
      // one sweep after the other; the values are computed once
      return sweeps.flatMap((steps, k) => steps.filter((step) => !k || isDerivative(step)).map((step) => ({ step, sweep: k })));
    }
    return sweeps[sweep].map((step) => ({ step, sweep }));
  }

  // --- showing one moment ---------------------------------------------------------------------------------

  function show(pane, moments, index) {
    const { step: current, sweep } = moments[index];
    const past = moments.slice(0, index + 1);
    const seen = past.filter((moment) => moment.sweep === sweep || !isDerivative(moment.step)).map((moment) => moment.step);
    showTable(pane, data.sweeps[pane.mode][sweep], new Set(seen), current);
    showPicture(pane, seen, current);
    showRule(pane, current);
    const taken = [0, 0];
    for (const { step } of past) taken[isDerivative(step) ? DERIVATIVE : VALUE] += step.operations;
    pane.part.total.textContent = taken[VALUE] + taken[DERIVATIVE];
    pane.part.values.textContent = taken[VALUE];
    pane.part.derivatives.textContent = taken[DERIVATIVE];
    const found = past.flatMap((moment) => moment.step.found).map(([name, value]) => `${name} = ${value}`);
    pane.part.found.textContent = found.length ? `Found: ${found.join(", ")}` : "";
  }

  function showTable(pane, steps, seen, current) {
    for (const step of steps) {
      for (const equation of step.equations) {
        const cells = pane.rows[equation.row][equation.side];
        const [, number] = cells;
        number.textContent = equation.cell;
        for (const cell of cells) {
          cell.classList.toggle("pending", !seen.has(step));
          cell.classList.toggle("current", step === current);
        }
      }
    }
    for (const row of pane.root.querySelectorAll("[aria-current]")) row.removeAttribute("aria-current");
    for (const equation of current.equations) pane.rows[equation.row][0][0].parentNode.setAttribute("aria-current", "step");
    const first = current.equations[0];
    if (first) scrollTo(pane.part.listing, pane.rows[first.row][first.side][0]);
  }

  function showPicture(pane, seen, current) {
    for (const { texts } of pane.nodes) for (const text of texts) text.textContent = "";
    for (const step of seen) for (const [node, side, text] of step.shows) pane.nodes[node].texts[side].textContent = text;
    const target = current.nodes[current.nodes.length - 1];
    pane.nodes.forEach(({ group }, node) => {
      group.classList.toggle("lit", current.nodes.includes(node));
      group.classList.toggle("current", node === target);
    });
    const back = BACKWARD.has(current.phase);
    pane.edges.forEach((edge, number) => {
      edge.classList.toggle("lit", current.edges.includes(number));
      edge.classList.toggle("back", back);
    });
    for (const number of current.edges) pane.edges[number].parentNode.insertBefore(pane.edges[number], pane.nodes[0].group);
    if (target !== undefined) scrollTo(pane.part.drawing, pane.nodes[target].group);
  }

  function showRule(pane, step) {
    pane.part.phase.textContent = PHASES[step.phase];
    pane.part.note.textContent = step.note;
    pane.part.equations.classList.toggle("many", step.equations.length > 2);
    pane.part.equations.replaceChildren(...step.equations.map(written));
  }

  function written(equation) {
    const line = document.createElement("p");
    line.className = equation.side === DERIVATIVE ? "derivative" : "value";
    const parts = [equation.name, equation.formula, equation.numbers, equation.value].filter((part) => part !== "");
    parts.forEach((part, k) => {
      if (k) line.append(span("sign", " = "));
      line.append(span(k === parts.length - 1 ? "result" : "", part));
    });
    return line;
  }

  function span(name, text) {
    const made = document.createElement("span");
    if (name) made.className = name;
    made.textContent = text;
    return made;
  }

  /** Scroll inside one part of the page; the page itself stays where the reader has put it. */
  function scrollTo(frame, target) {
    const outer = frame.getBoundingClientRect(), inner = target.getBoundingClientRect();
    const margin = 70;
    if (inner.top < outer.top + margin || inner.bottom > outer.bottom - margin) {
      frame.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
    }
    if (inner.left < outer.left || inner.right > outer.right) {
      frame.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
    }
  }

  // --- all of it -------------------------------------------------------------------------------------------

  function render(announce = true) {
    const both = view() === "both";
    panesElement.dataset.view = view();
    for (const pane of panes) pane.root.hidden = !shownPanes().includes(pane);
    const race = shownPanes().map((pane) => ({ pane, moments: timeline(pane) }));
    const length = Math.max(...race.map(({ moments }) => moments.length));
    position = Math.min(Math.max(position, 0), length - 1);
    for (const { pane, moments } of race) {
      const index = Math.min(position, moments.length - 1);
      show(pane, moments, index);
      if (pane.mode === "forward" && both) seedChoice.value = String(moments[index].sweep);
      if (position > moments.length - 1) pane.part.phase.textContent += " – done";
    }
    element("seed-label").hidden = view() === "reverse";
    seedChoice.disabled = both && data.complete;
    slider.max = length;
    slider.value = position + 1;
    slider.setAttribute("aria-valuetext", `Step ${position + 1} of ${length}`);
    element("position").textContent = `${position + 1} / ${length}`;
    setEnabled("first", position > 0);
    setEnabled("back", position > 0);
    setEnabled("next", position < length - 1);
    setEnabled("last", position < length - 1);
    showComparison(both);
    if (announce) element("announcement").textContent = announcement(race, length, both);
  }

  /** A button that had the focus keeps it: it is marked, not disabled, at the ends. */
  function setEnabled(id, enabled) {
    element(id).setAttribute("aria-disabled", String(!enabled));
  }

  function announcement(race, length, both) {
    const said = race.map(({ pane, moments }) => {
      const { step } = moments[Math.min(position, moments.length - 1)];
      return both ? `${pane.root.getAttribute("aria-label")}: ${step.spoken}` : step.spoken;
    });
    return `Step ${position + 1} of ${length}. ${said.join(" ")}`;
  }

  function showComparison(both) {
    const total = (steps, side) =>
      steps.filter((step) => Number(isDerivative(step)) === side).reduce((sum, step) => sum + step.operations, 0);
    const place = element("comparison");
    place.hidden = !both || panes.length < 2;
    if (place.hidden) return;
    const [one] = data.sweeps.forward, [back] = data.sweeps.reverse;
    const values = total(back, VALUE), forward = total(one, DERIVATIVE), reverse = total(back, DERIVATIVE);
    const n = data.entries, m = data.results;
    const sweeps = (number) => `${number} ${number === 1 ? "sweep" : "sweeps"}`;
    const sum = (number, each) => `${values} + ${number} × ${each} = ${values + number * each} operations`;
    place.textContent =
      `All derivatives of ${m} ${m === 1 ? "result" : "results"} by ${n} ${n === 1 ? "input" : "inputs"}: ` +
      `forward mode takes ${sweeps(n)}, one per input: ${sum(n, forward)}. ` +
      `Reverse mode takes ${sweeps(m)}, one per result: ${sum(m, reverse)}; but it keeps all values until the sweep back.`;
  }

  const go = (to) => { position = to; render(); };
  const STEPS = { first: () => 0, back: () => position - 1, next: () => position + 1, last: () => Infinity };
  for (const [id, to] of Object.entries(STEPS)) element(id).addEventListener("click", () => go(to()));
  slider.addEventListener("input", () => go(Number(slider.value) - 1));
  seedChoice.addEventListener("change", () => render());
  for (const radio of document.querySelectorAll("[name=view]")) radio.addEventListener("change", () => go(0));

  const KEYS = { ArrowLeft: STEPS.back, ArrowRight: STEPS.next, Home: STEPS.first, End: STEPS.last };
  document.addEventListener("keydown", (event) => {
    const to = KEYS[event.key];
    if (!to || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, select")) return; // they have their own use for these keys
    event.preventDefault();
    go(to());
  });

  render(false);
})();
