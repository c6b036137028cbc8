import '@fontsource-variable/inter/wght.css';
import '@fontsource/jetbrains-mono/latin-400.css';
import '@fontsource/jetbrains-mono/latin-ext-400.css';
import '@fontsource/jetbrains-mono/latin-700.css';
import '@xterm/xterm/css/xterm.css';
import './tokens.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { keepConnected } from './channel/coreConnection.ts';
import { followActivePane } from './features/panes/followActivePane.ts';
import { openMissingPanes, openPanesOfNewHosts } from './features/panes/paneCommands.ts';
import { followPanesOfOthers } from './features/panes/panesOfOthers.ts';
import { keepLayoutSaved } from './features/panes/saveLayout.ts';
import { tellSettingsProblems } from './features/shell/settingsNotice.ts';
import { connectTerminals } from './features/terminal/terminals.ts';
import { onSnapshot } from './stores/applySnapshot.ts';
import { onHostsChanged } from './stores/hosts.ts';
import { useUi } from './stores/ui.ts';

const showTheme = (theme: string) => {
  document.documentElement.dataset['theme'] = theme;
};
showTheme(useUi.getState().theme);
useUi.subscribe((state, before) => {
  if (state.theme !== before.theme) showTheme(state.theme);
});

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

keepLayoutSaved();
followActivePane();
followPanesOfOthers();
onSnapshot(() => void openMissingPanes());
onSnapshot(tellSettingsProblems);
onHostsChanged((before) => void openPanesOfNewHosts(before));
keepConnected(connectTerminals);
