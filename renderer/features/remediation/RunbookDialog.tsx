import { type FormEvent, useState } from 'react';
import type { HostId } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { runbookValue } from '../../../shared/model/runbookValue.ts';
import type { Runbook, RunbookParameter } from '../../../shared/model/workspace.ts';
import { useHosts } from '../../stores/hosts.ts';
import { closeDialog, openDialog, useUi } from '../../stores/ui.ts';
import { useWorkspace } from '../../stores/workspace.ts';
import { HostChoice } from '../diagnosis/HostChoice.tsx';
import { ScrollableText } from '../shell/ScrollableText.tsx';
import { Sheet, SheetButtons } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';

/** A runbook of the workspace: its parameters and its hosts; what would run is shown by the sheet that follows. */
export function RunbookDialog() {
  const dialog = useUi((s) => s.dialog);
  const name = dialog?.kind === 'runbook' ? dialog.runbook : undefined;
  const runbook = useWorkspace((s) => s.view?.runbooks.find((one) => one.name === name));
  if (!runbook) return null;
  return (
    <Sheet wide title={visibleText(runbook.title, 120)} onLeave={closeDialog}>
      <Form key={runbook.name} runbook={runbook} />
    </Sheet>
  );
}

function Form({ runbook }: { runbook: Runbook }) {
  const { order, byId } = useHosts();
  const focused = useUi((s) => s.focusedHost);
  const mayRun = order.filter(
    (id) =>
      runbook.on === undefined ||
      runbook.on.includes(id) ||
      (byId[id]?.tags ?? []).some((tag) => runbook.on?.includes(tag)),
  );
  const [chosen, setChosen] = useState<ReadonlySet<HostId>>(
    () => new Set(focused !== undefined && mayRun.includes(focused) ? [focused] : mayRun.slice(0, 1)),
  );
  const [values, setValues] = useState<Record<string, string>>(() =>
    Object.fromEntries(
      runbook.parameters.map((one) => [
        one.name,
        one.default ?? (one.type === 'choice' ? (one.choices[0] ?? '') : ''),
      ]),
    ),
  );
  const faults = runbook.parameters.flatMap((one) => {
    const checked = runbookValue(one, values[one.name] ?? '');
    return checked.ok ? [] : [checked.error];
  });
  const hosts = order.filter((id) => chosen.has(id));

  function submit(event: FormEvent): void {
    event.preventDefault();
    const [host] = hosts;
    if (host === undefined || faults.length > 0) return;
    const request = {
      action: 'runbook.run' as const,
      arguments: { runbook: runbook.name, parameters: values },
    };
    if (hosts.length === 1)
      openDialog({ kind: 'remediation', request: { ...request, label: runbook.title, host } });
    else openDialog({ kind: 'remediations', request, label: runbook.title, hosts });
  }

  return (
    <form onSubmit={submit}>
      <ScrollableText className={sheet.command}>{visibleText(runbook.run, 2000)}</ScrollableText>
      {runbook.parameters.map((parameter, index) => (
        <Parameter
          key={parameter.name}
          parameter={parameter}
          first={index === 0}
          value={values[parameter.name] ?? ''}
          onChange={(value) => setValues((before) => ({ ...before, [parameter.name]: value }))}
        />
      ))}
      <HostChoice chosen={chosen} onChoose={setChosen} among={mayRun} />
      {faults.length > 0 && <p className={sheet.hint}>Still wanted: {faults.join('; ')}.</p>}
      <SheetButtons disabled={faults.length > 0 || hosts.length === 0}>Show what would run</SheetButtons>
    </form>
  );
}

function Parameter({
  parameter,
  first,
  value,
  onChange,
}: {
  parameter: RunbookParameter;
  first: boolean;
  value: string;
  onChange: (value: string) => void;
}) {
  const label =
    parameter.type === 'text' && parameter.pattern !== undefined
      ? `${parameter.name} (matches ${parameter.pattern})`
      : parameter.name;
  const id = `parameter-${parameter.name}`;
  return (
    <div className={sheet.field}>
      <label htmlFor={id}>{label}</label>
      {parameter.type === 'choice' ? (
        // biome-ignore lint/a11y/noAutofocus: what one came to fill in
        <select id={id} autoFocus={first} value={value} onChange={(event) => onChange(event.target.value)}>
          {parameter.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          // biome-ignore lint/a11y/noAutofocus: what one came to fill in
          autoFocus={first}
          value={value}
          inputMode={parameter.type === 'integer' ? 'numeric' : 'text'}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </div>
  );
}
