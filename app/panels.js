// Pictures side by side that change together, share a cross-hair and say where they are clicked.
const SHOWN = new WeakMap();

function figure(panel) {
  const frame = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const title = document.createElement("b");
  const note = document.createElement("span");
  const picture = document.createElement("div");
  const image = document.createElement("img");
  caption.append(title, note);
  picture.className = "picture";
  image.draggable = false;
  picture.append(image);
  for (const side of ["across", "down"]) {
    const line = document.createElement("i");
    line.className = side;
    picture.append(line);
  }
  frame.append(caption, picture);
  return { frame, title, note, picture, image, source: "" };
}

// As many columns as make the pictures largest: in full rows, and with little to scroll.
function arrange(root, shapes) {
  const style = getComputedStyle(root);
  const gap = parseFloat(style.columnGap) || 16;
  const caption = 30;
  const width = root.clientWidth;
  const height = Math.max(window.innerHeight - 300, 320);
  if (!width || !shapes.length) return;
  const shape = Math.max(...shapes);
  let best = { gain: 0, columns: 1, wide: width };
  for (let columns = 1; columns <= shapes.length; columns++) {
    const most = (width - (columns - 1) * gap) / columns;
    if (columns > 1 && most < 230) break;
    const rows = Math.ceil(shapes.length / columns);
    // A phone shows one after another, as large as it can; a desk each whole, and all nearly at once.
    let wide = width < 620 ? most : Math.min(most, (height - caption) * shape);
    const fit = height / (rows * (wide / shape + caption));
    if (width >= 620) wide *= Math.min(1, Math.max(0.74, fit));
    const seen = Math.min(1, height / (rows * (wide / shape + caption)));
    const gain = wide * seen * (shapes.length / (columns * rows)) ** 2;
    if (gain > best.gain * 1.02) best = { gain, columns, wide };
  }
  root.style.gridTemplateColumns = `repeat(${best.columns}, ${Math.floor(best.wide)}px)`;
}

function place(event, image) {
  const box = image.getBoundingClientRect();
  return {
    x: (event.clientX - box.left) / box.width,
    y: (event.clientY - box.top) / box.height,
  };
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".panels");
  let shown = SHOWN.get(root);
  if (!shown || shown.length !== data.panels.length) {
    shown = data.panels.map(figure);
    root.replaceChildren(...shown.map((one) => one.frame));
    SHOWN.set(root, shown);
  }
  const shapes = data.panels.map((panel) => panel.width / panel.height);
  arrange(root, shapes);
  if (root.watcher) root.watcher.disconnect();
  root.watcher = new ResizeObserver(() => arrange(root, shapes));
  root.watcher.observe(root.parentElement || root);
  // All pictures are ready before the first is changed: no panel runs ahead of the others.
  const fresh = data.panels.map(async (panel, number) => {
    if (shown[number].source === panel.source) return;
    const image = new Image();
    image.src = panel.source;
    await image.decode().catch(() => {});
  });
  const turn = (root.turn = (root.turn || 0) + 1);
  Promise.all(fresh).then(() => {
    if (root.turn !== turn) return;
    data.panels.forEach((panel, number) => {
      const one = shown[number];
      one.title.textContent = panel.title;
      one.note.textContent = panel.note;
      one.image.width = panel.width;
      one.image.height = panel.height;
      one.image.alt = panel.alt;
      if (one.source !== panel.source) one.image.src = panel.source;
      one.source = panel.source;
    });
  });
  shown.forEach((one, number) => {
    one.picture.classList.toggle("clickable", data.clickable);
    one.image.onclick = (event) => {
      if (data.clickable) setTriggerValue("click", { panel: number, ...place(event, one.image) });
    };
    one.picture.onmousemove = (event) => {
      const { x, y } = place(event, one.image);
      root.style.setProperty("--x", 100 * x + "%");
      root.style.setProperty("--y", 100 * y + "%");
      root.classList.add("pointing");
    };
    one.picture.onmouseleave = () => root.classList.remove("pointing");
  });
}
