import { randomUUID } from 'node:crypto';
import type { RemediationRecord, RemediationRequest } from '../../../shared/model/remediation.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';

/** The timeline's line for what was confirmed. */
export function startedEvent(record: RemediationRecord, now: number): TimelineEvent {
  const { plan } = record;
  return {
    id: randomUUID() as EventId,
    revision: 0,
    host: plan.host,
    kind: 'remediation.started',
    severity: 'info',
    source: 'remediation',
    at: now,
    seenAt: now,
    clockOffsetMs: 0,
    title: `${plan.title}: confirmed by ${record.actor}`,
    detail: remediationDetail(record),
    evidence: [{ type: 'output', command: plan.command, text: '' }],
    actions: [],
    ...(plan.event === undefined ? {} : { relatesTo: plan.event }),
  };
}

/** The timeline's line for how it ended. */
export function outcomeEvent(record: RemediationRecord, now: number): TimelineEvent {
  const { plan, outcome = 'unknown', verdict = '' } = record;
  return {
    id: randomUUID() as EventId,
    revision: 0,
    host: plan.host,
    kind: `remediation.${outcome}`,
    severity: outcome === 'succeeded' ? 'info' : outcome === 'unknown' ? 'critical' : 'warning',
    source: 'remediation',
    at: now,
    seenAt: now,
    clockOffsetMs: 0,
    title: `${plan.title}: ${verdict}`,
    detail: remediationDetail(record),
    evidence: [
      {
        type: 'output',
        command: plan.command,
        text: record.output ?? '',
        ...(record.exitCode === undefined ? {} : { exitCode: record.exitCode }),
      },
    ],
    actions: [],
    ...(plan.event === undefined ? {} : { relatesTo: plan.event }),
  };
}

export function remediationDetail(record: RemediationRecord): TimelineEvent['detail'] {
  const { plan, actor, cpuBefore, cpuAfter } = record;
  return {
    plan: plan.id,
    action: plan.action,
    ...targetDetail(plan),
    actor,
    ...(record.outcome === undefined ? {} : { outcome: record.outcome }),
    ...(cpuBefore === undefined ? {} : { cpuBeforeCores: Number(cpuBefore.toFixed(3)) }),
    ...(cpuAfter === undefined ? {} : { cpuAfterCores: Number(cpuAfter.toFixed(3)) }),
  };
}

function targetDetail(request: RemediationRequest): TimelineEvent['detail'] {
  switch (request.action) {
    case 'process.kill': {
      const { target, signal } = request.arguments;
      return { signal, pid: target.pid, bootId: target.bootId, startTicks: target.startTicks };
    }
    case 'process.pause':
    case 'process.renice':
    case 'file.truncate_deleted': {
      const { target, ...rest } = request.arguments;
      return { ...rest, pid: target.pid, bootId: target.bootId, startTicks: target.startTicks };
    }
    case 'ssh.protect':
      return {};
    case 'service.control':
    case 'journal.vacuum':
    case 'runbook.run':
      return { ...request.arguments };
    case 'aws.terminate_session':
      return { sessionId: request.arguments.sessionId };
    case 'aws.control_host':
      return { operation: request.arguments.operation };
    case 'erlang.disconnect_node': {
      const { service, node } = request.arguments;
      return { node, pid: service.pid, bootId: service.bootId, startTicks: service.startTicks };
    }
  }
}
