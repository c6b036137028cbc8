import { useSettings } from '../../stores/settings.ts';
import { useUi } from '../../stores/ui.ts';
import { unknownActions } from './actions.ts';

let told = '';

/** Says once what is wrong in the settings file: the rest of it holds. */
export function tellSettingsProblems(): void {
  const [first, ...others] = useSettings.getState().problems;
  const [unknown] = unknownActions();
  const more = others.length > 0 ? ` And ${others.length} more.` : '';
  const text = first
    ? `${first.file}:${first.line}:${first.column} ${first.message} Expected: ${first.expected}.${more}`
    : unknown === undefined
      ? ''
      : `settings.yaml: there is no action "${unknown}"; the sheet of keys names them all.`;
  if (text === told) return;
  told = text;
  if (text !== '') useUi.setState({ notice: { text, tone: 'warning' } });
}
