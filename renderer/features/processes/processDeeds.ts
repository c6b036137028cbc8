import type { HostSummary } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessIdentity, ProcessRow } from '../../../shared/model/process.ts';
import type { RemediationRequest } from '../../../shared/model/remediation.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import { useDiagnoses } from '../../stores/diagnoses.ts';
import { openDialog, useUi } from '../../stores/ui.ts';

/** What can be done with a process: each opens the sheet that shows what would run, and asks. */
export function askTo(deed: Deed, host: HostSummary, row: ProcessRow): void {
  if (!host.facts) return;
  const target = { bootId: host.facts.bootId, pid: row.pid, startTicks: row.startTicks };
  const who = `pid ${row.pid} (${visibleText(programName(row), 40)})`;
  const { label, request } = requestOf(deed, target, who);
  openDialog({ kind: 'remediation', request: { ...request, label, host: host.id } });
}

type Deed = 'kill' | 'killTree' | 'pause' | 'resume' | { renice: number };

function requestOf(
  deed: Deed,
  target: ProcessIdentity,
  who: string,
): { label: string; request: RemediationRequest } {
  switch (deed) {
    case 'kill':
      return {
        label: `Kill ${who}`,
        request: { action: 'process.kill', arguments: { target, signal: 'TERM' } },
      };
    case 'killTree':
      return {
        label: `Kill ${who} and its descendants`,
        request: { action: 'process.kill', arguments: { target, signal: 'TERM', tree: true } },
      };
    case 'pause':
    case 'resume':
      return {
        label: deed === 'pause' ? `Pause ${who}` : `Let ${who} go on`,
        request: { action: 'process.pause', arguments: { target, resume: deed === 'resume' } },
      };
    default:
      return {
        label: `Renice ${who} to ${deed.renice}`,
        request: { action: 'process.renice', arguments: { target, nice: deed.renice } },
      };
  }
}

/** Profiles it together with all others of its program on the host: what pins a machine is seldom one alone. */
export function askToProfile(host: HostSummary, row: ProcessRow, alone: boolean): void {
  if (!host.facts) return;
  const name = programName(row);
  const process = { bootId: host.facts.bootId, pid: row.pid, startTicks: row.startTicks };
  openDialog({
    kind: 'profile',
    host: host.id,
    label: alone
      ? `Profile pid ${row.pid} (${visibleText(name, 40)})`
      : `Profile all ${visibleText(name, 40)}`,
    targets: alone ? { processes: [process] } : { name },
  });
}

/** Goes to the diagnosis of this process. */
export function lookAt(host: HostSummary, row: ProcessRow): void {
  if (!host.facts) return;
  const identity = { bootId: host.facts.bootId, pid: row.pid, startTicks: row.startTicks };
  useDiagnoses.setState((state) => ({
    targets: { ...state.targets, [host.id]: { identity, name: row.name } },
  }));
  useUi.setState({ detailTab: 'diagnose' });
}
