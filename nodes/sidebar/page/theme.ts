/** Dark when Node-RED's editor is, or, where it leaves that to the system, when the system is. */
export function followTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const chosen = editorTheme();
    document.documentElement.classList.toggle('dark', chosen === 'dark' || (chosen !== 'light' && system.matches));
  };
  system.addEventListener('change', apply);
  addEventListener('storage', apply);
  apply();
}

/** Node-RED 5 keeps the choice in the browser; 4.1 knows none. */
function editorTheme(): string | null {
  try {
    return localStorage.getItem('view-dark-theme');
  } catch {
    return null;
  }
}
