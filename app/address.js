// Completes the address of the page without a step in the browser's history.

// Words in one order, without those that say how Streamlit itself is embedded.
const words = (search) =>
  [...new URLSearchParams(search)].filter(([key]) => !key.startsWith("embed")).sort();

export default function ({ data }) {
  const url = new URL(window.location.href);
  // An address that has changed meanwhile is a newer choice.
  if (String(words(url.search)) !== String(words(data.from))) return;
  const kept = [...url.searchParams].filter(([key]) => key.startsWith("embed"));
  const next = new URLSearchParams(data.to);
  for (const [key, value] of kept) next.append(key, value);
  url.search = String(next);
  window.history.replaceState(window.history.state, "", url);
}
