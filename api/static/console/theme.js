// Runs before anything is drawn, so that a dark screen never flashes white: the choice that was made
// here before, else what the system prefers.

(() => {
  const chosen = localStorage.getItem("theme");
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.classList.toggle("dark", dark);
})();
