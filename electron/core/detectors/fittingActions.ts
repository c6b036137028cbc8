import type { HostId } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import type { RemediationRequest } from '../../../shared/model/remediation.ts';
import { isServiceName } from '../../../shared/model/serviceName.ts';
import type { EventKind, SuggestedAction } from '../../../shared/model/timelineEvent.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import type { EventDraft } from './detector.ts';

/** Of the process that an event is about, best first. */
type ProcessDeed = 'kill' | 'killTree' | 'pause' | 'renice';

/** Beside what a detector itself suggests: what is known to help against its kind. */
const FITTING: Partial<
  Record<EventKind, { process?: readonly ProcessDeed[]; host?: readonly RemediationRequest[] }>
> = {
  'process.oom_risk': {
    process: ['kill', 'pause'],
    host: [{ action: 'ssh.protect', arguments: {} }],
  },
  'process.oom_killed': { host: [{ action: 'ssh.protect', arguments: {} }] },
  'memory.leak': { process: ['kill', 'pause'] },
  'threads.growth': { process: ['kill'] },
  'fd.leak': { process: ['kill'] },
  'fd.near_limit': { process: ['kill'] },
  'connections.leak': { process: ['kill'] },
  'connections.capped': { process: ['kill'] },
  'processes.pile': { process: ['kill', 'killTree'] },
  'queue.stalled': { process: ['kill'] },
  'listen.overflow': { process: ['kill'] },
  'cpu.saturated': { process: ['renice', 'pause', 'kill'] },
  'cgroup.throttled': { process: ['renice', 'kill'] },
};

/** A suggestion is only that: each is planned against the host, and refused there if it does not fit any more. */
export function fittingActions(draft: EventDraft, host: HostId): SuggestedAction[] {
  const fitting = FITTING[draft.kind];
  const suggestions: { label: string; request: RemediationRequest }[] = [];
  const process = draft.evidence.find((one) => one.type === 'process');
  for (const deed of (process && fitting?.process) ?? [])
    if (process) suggestions.push(ofProcess(deed, process.identity, programName(process)));
  for (const request of fitting?.host ?? [])
    suggestions.push({ label: HOST_LABELS[request.action] ?? request.action, request });
  if (draft.kind === 'service.failed' && typeof draft.detail['unit'] === 'string')
    suggestions.push(...ofUnit(draft.detail['unit']));
  return suggestions
    .map(({ label, request }): SuggestedAction => ({ ...request, label, host }))
    .filter((one) => !draft.actions.some((own) => sameDeed(own, one)));
}

const HOST_LABELS: Partial<Record<RemediationRequest['action'], string>> = {
  'ssh.protect': 'Protect SSH from the OOM killer…',
};

function ofProcess(
  deed: ProcessDeed,
  target: ProcessIdentity,
  hostile: string,
): { label: string; request: RemediationRequest } {
  const who = `pid ${target.pid} (${visibleText(hostile.trim(), 32)})`;
  switch (deed) {
    case 'kill':
      return {
        label: `Kill ${who}…`,
        request: { action: 'process.kill', arguments: { target, signal: 'TERM' } },
      };
    case 'killTree':
      return {
        label: `Kill ${who} and its descendants…`,
        request: { action: 'process.kill', arguments: { target, signal: 'TERM', tree: true } },
      };
    case 'pause':
      return {
        label: `Pause ${who}…`,
        request: { action: 'process.pause', arguments: { target, resume: false } },
      };
    case 'renice':
      return {
        label: `Renice ${who} to 10…`,
        request: { action: 'process.renice', arguments: { target, nice: 10 } },
      };
  }
}

/** A unit's name comes from a log line: only what can be one, and be started again, is suggested. */
function ofUnit(unit: string): { label: string; request: RemediationRequest }[] {
  const service = { manager: 'systemd', name: unit, operation: 'restart' } as const;
  if (!isServiceName(service) || !/\.(?:service|socket|timer|mount)$/.test(unit)) return [];
  return [
    {
      label: `Restart ${visibleText(unit, 100)}…`,
      request: { action: 'service.control', arguments: service },
    },
  ];
}

const sameDeed = (a: SuggestedAction, b: SuggestedAction) =>
  a.action === b.action && JSON.stringify(a.arguments) === JSON.stringify(b.arguments);
