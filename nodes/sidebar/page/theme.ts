import { stored } from './stored.js';

/** Uses the theme of Node-RED's editor, or of the system if the editor follows it. */
export function followTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    // Node-RED 5 stores the choice in the browser; 4.1 has no dark theme.
    const chosen = stored('view-dark-theme');
    document.documentElement.classList.toggle('dark', chosen === 'dark' || (chosen !== 'light' && system.matches));
  };
  system.addEventListener('change', apply);
  addEventListener('storage', apply);
  apply();
}
