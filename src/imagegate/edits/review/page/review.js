// The review page: shows the picture that proves most next, and records what people say of it.

const $ = (id) => document.getElementById(id);
const panes = [...document.querySelectorAll(".pane")];
const state = { by: "", picture: null, view: "side", scale: 1, x: 0, y: 0, since: 0, blink: 0 };

async function ask(path, body) {
  const options = body && { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const answer = await fetch(path, options);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error ?? found.detail ?? answer.statusText);
  return found;
}

async function act(path, body) {
  try {
    $("error").textContent = "";
    show(await ask(path, body));
  } catch (error) {
    $("error").textContent = error.message;
  }
}

function show(found) {
  $("proof").textContent = `${found.sentence}.` + (found.proven ? " Proven." : ` ${found.to_go} more looks, if none is bad.`);
  $("proof").classList.toggle("proven", found.proven);
  $("disputed").textContent = found.disputed.length ? `Reviewers disagree on: ${found.disputed.join(", ")}` : "";
  if ($("kind").options.length === 0)
    $("kind").replaceChildren(new Option("–", ""), ...found.kinds.map((kind) => new Option(kind, kind)));
  state.picture = found.picture;
  $("main").hidden = !found.picture;
  $("end").hidden = Boolean(found.picture);
  if (found.picture) load(found.picture, found.waiting);
}

function load(picture, waiting) {
  const risk = picture.p_artifact === null ? "" : `, chance that it shows ${Math.round(100 * picture.p_artifact)} %`;
  const seen = picture.label ? `, so far: ${picture.label}` : "";
  $("name").textContent = picture.name;
  $("facts").textContent = `${state.by}: ${picture.stratum ?? "held back"}${risk}${seen}; ${waiting} left`;
  $("reasons").replaceChildren(...picture.reasons.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  $("kind").value = "";
  const name = picture.name.split("/").map(encodeURIComponent).join("/");
  for (const side of ["original", "edited"]) {
    $(side).onload = fit;
    $(side).src = `/picture/${side}/${name}`;
  }
  $("heat").removeAttribute("src");
  if (state.view === "heat") loadHeat();
  state.since = performance.now();
}

function loadHeat() {
  const name = state.picture.name.split("/").map(encodeURIComponent).join("/");
  $("heat").onerror = () => ($("error").textContent = "The heat map needs the extra: pip install 'imagegate[edits]'");
  if (!$("heat").src) $("heat").src = `/picture/heat/${name}`;
}

function fit() {
  const { clientWidth, clientHeight } = panes[1];
  const { width, height } = sizes();
  state.scale = Math.min(clientWidth / width, clientHeight / height);
  state.x = (clientWidth - width * state.scale) / 2;
  state.y = (clientHeight - height * state.scale) / 2;
  $("full").setAttribute("aria-pressed", "false");
  draw();
}

function sizes() {
  const image = $("edited");
  return { width: image.naturalWidth || 1, height: image.naturalHeight || 1 };
}

function draw() {
  const { width, height } = sizes();
  for (const image of [$("original"), $("edited"), $("heat")]) {
    image.style.width = `${width}px`;
    image.style.height = `${height}px`;
    image.style.transform = `translate(${state.x}px, ${state.y}px) scale(${state.scale})`;
    image.style.imageRendering = state.scale > 2 ? "pixelated" : "auto";
  }
  const box = state.picture?.region?.box;
  const shown = box && $("outline").getAttribute("aria-pressed") === "true";
  for (const mark of document.querySelectorAll(".box")) {
    mark.hidden = !shown;
    if (!shown) continue;
    const [left, top, right, bottom] = box;
    mark.style.left = `${state.x + left * state.scale - 2}px`;
    mark.style.top = `${state.y + top * state.scale - 2}px`;
    mark.style.width = `${(right - left) * state.scale + 4}px`;
    mark.style.height = `${(bottom - top) * state.scale + 4}px`;
  }
  const slide = (Number($("slide").value) / 100) * panes[1].clientWidth;
  $("stage").style.setProperty("--cut", `${slide}px`);
}

function setView(view) {
  state.view = view;
  $("stage").dataset.view = view;
  for (const button of document.querySelectorAll("[data-view]"))
    if (button.tagName === "BUTTON") button.setAttribute("aria-current", String(button.dataset.view === view));
  $("heat").hidden = view !== "heat";
  $("edited").hidden = view === "heat";
  if (view === "heat" && state.picture) loadHeat();
  clearInterval(state.blink);
  $("right").classList.remove("off");
  if (view === "blink") state.blink = setInterval(() => $("right").classList.toggle("off"), 600);
  fit();
}

function zoom(factor, x, y) {
  const scale = Math.min(16, Math.max(0.02, state.scale * factor));
  state.x = x - ((x - state.x) * scale) / state.scale;
  state.y = y - ((y - state.y) * scale) / state.scale;
  state.scale = scale;
  draw();
}

function toggleFull() {
  if ($("full").getAttribute("aria-pressed") === "true") return fit();
  const { clientWidth, clientHeight } = panes[1];
  const box = state.picture?.region?.box ?? [0, 0, sizes().width, sizes().height];
  const pixel = 1 / window.devicePixelRatio;
  Object.assign(state, {
    scale: pixel,
    x: clientWidth / 2 - ((box[0] + box[2]) / 2) * pixel,
    y: clientHeight / 2 - ((box[1] + box[3]) / 2) * pixel,
  });
  $("full").setAttribute("aria-pressed", "true");
  draw();
}

function toggleOutline() {
  $("outline").setAttribute("aria-pressed", String($("outline").getAttribute("aria-pressed") !== "true"));
  draw();
}

function answer(verdict) {
  if (!state.picture) return;
  const seconds = Math.round((performance.now() - state.since) / 100) / 10;
  const kind = verdict === "bad" ? $("kind").value : "";
  act("/answer", { by: state.by, name: state.picture.name, verdict, kind, seconds });
}

const undo = () => act("/undo", { by: state.by });
const KEYS = {
  g: () => answer("good"), b: () => answer("bad"), s: () => answer("skip"), u: undo,
  z: toggleFull, o: toggleOutline,
  1: () => setView("side"), 2: () => setView("slider"), 3: () => setView("blink"), 4: () => setView("heat"),
};

for (const verdict of ["good", "bad", "skip"]) $(verdict).onclick = () => answer(verdict);
for (const button of document.querySelectorAll("button[data-view]")) button.onclick = () => setView(button.dataset.view);
$("undo").onclick = undo;
$("outline").onclick = toggleOutline;
$("full").onclick = toggleFull;
$("slide").oninput = draw;
addEventListener("resize", fit);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "SELECT"].includes(event.target.tagName)) return;
  const key = KEYS[event.key.toLowerCase()];
  if (!key || !state.by) return;
  event.preventDefault();
  key();
});
for (const pane of panes) {
  pane.addEventListener("wheel", (event) => {
    event.preventDefault();
    const place = pane.getBoundingClientRect();
    zoom(1.0015 ** -event.deltaY, event.clientX - place.left, event.clientY - place.top);
  }, { passive: false });
  pane.addEventListener("pointerdown", (event) => pane.setPointerCapture(event.pointerId));
  pane.addEventListener("pointermove", (event) => {
    if (!pane.hasPointerCapture(event.pointerId)) return;
    state.x += event.movementX;
    state.y += event.movementY;
    draw();
  });
}
$("who").onsubmit = (event) => {
  event.preventDefault();
  start($("by").value.trim());
};

function start(by) {
  if (!by) return;
  state.by = by;
  $("by").value = by;
  $("who").hidden = true;
  localStorage.setItem("imagegate-reviewer", by);
  setView("side");
  act(`/next?by=${encodeURIComponent(by)}`);
}

start(new URLSearchParams(location.search).get("by") ?? localStorage.getItem("imagegate-reviewer") ?? "");
