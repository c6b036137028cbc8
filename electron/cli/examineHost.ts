import { describeLink } from '../../shared/model/describeLink.ts';
import { type HostId, type HostSummary, isUp } from '../../shared/model/host.ts';
import { visibleText } from '../../shared/model/hostText.ts';
import { sentences } from '../../shared/model/sentences.ts';
import type { Core } from '../core/core.types.ts';
import { type CliContext, reasonOf } from './cliContext.ts';
import { needsPerson } from './openForCommand.ts';

export type FindingName = 'login' | 'sampler' | 'kernelLog' | 'clock' | 'channels';

/** `unknown`: could not be looked at, because something before it failed. */
export interface Finding {
  state: 'ok' | 'warning' | 'failed' | 'unknown';
  text: string;
  advice?: string;
}

export interface HostExamination {
  host: string;
  address: string;
  /** Login and sampler work: it can be watched and worked on. */
  usable: boolean;
  findings: Record<FindingName, Finding>;
}

/** A pane, the sampler, the kernel log and one more for whatever is run. */
const CHANNELS_WANTED = 4;
/** OpenSSH's default for MaxSessions is 10; more than a dozen is plenty, and each try costs a shell. */
const CHANNELS_TRIED = 12;
/** Past this, times of different hosts can only be compared corrected, which people forget. */
const CLOCK_OFFSET_MS = 1_000;

/** What works on one host of an open workspace. Opens channels to count them, and closes them again. */
export async function examineHost(
  core: Core,
  host: HostSummary,
  seenReasons: SeenReasons,
): Promise<HostExamination> {
  const up = isUp(host.link);
  const findings = {
    login: login(host, seenReasons.get(host.id)),
    sampler: up ? sampler(host) : NOT_LOOKED_AT,
    kernelLog: up ? kernelLog(core, host) : NOT_LOOKED_AT,
    clock: up ? clock(host) : NOT_LOOKED_AT,
    channels: up ? await channels(core, host) : NOT_LOOKED_AT,
  };
  return {
    host: host.id,
    address: host.address,
    usable: findings.login.state === 'ok' && findings.sampler.state === 'ok',
    findings,
  };
}

/** Why a host's last attempt failed: while the next one is under way, its link does not say. */
type SeenReasons = ReadonlyMap<HostId, string>;

/** Until each host is either examined or known to need a person; at most `timeoutMs`. */
export function untilSettled(core: Core, context: CliContext, timeoutMs: number): Promise<SeenReasons> {
  const reasons = new Map<HostId, string>();
  return new Promise((resolve) => {
    const timer = context.clock.after(timeoutMs, end);
    // Kernel logs are found without an event of their own.
    const look = context.clock.every(100, () => {
      for (const { id, link } of core.hosts) if ('reason' in link) reasons.set(id, link.reason);
      if (core.hosts.every((host) => isSettled(core, host))) end();
    });
    context.interrupted.addEventListener('abort', end);
    function end(): void {
      timer.dispose();
      look.dispose();
      context.interrupted.removeEventListener('abort', end);
      resolve(reasons);
    }
    if (context.interrupted.aborted) end();
  });
}

function isSettled(core: Core, host: HostSummary): boolean {
  if (needsPerson(host.link) !== undefined) return true;
  if (!isUp(host.link)) return false;
  if (host.sampler.kind === 'failed') return true;
  return (
    host.sampler.kind === 'running' && host.facts !== undefined && core.kernelLog(host.id).kind !== 'waiting'
  );
}

const NOT_LOOKED_AT: Finding = { state: 'unknown', text: 'not looked at' };

function login(host: HostSummary, lastReason: string | undefined): Finding {
  if (isUp(host.link)) {
    const trip = 'roundTripMs' in host.link ? host.link.roundTripMs : undefined;
    return { state: 'ok', text: trip === undefined ? 'ok' : `ok, ${Math.round(trip)} ms` };
  }
  const { word } = describeLink(host.link);
  const person = needsPerson(host.link);
  if (person !== undefined) return { state: 'failed', text: word, advice: person };
  const reason = visibleText('reason' in host.link ? host.link.reason : (lastReason ?? ''));
  return {
    state: 'failed',
    text: word,
    advice: sentences(reason, 'Check the address, the network and that the host is up'),
  };
}

function sampler(host: HostSummary): Finding {
  const state = host.sampler;
  switch (state.kind) {
    case 'running':
      return { state: 'ok', text: state.implementation };
    case 'failed':
      return { state: 'failed', text: 'failed', advice: sentences(visibleText(state.reason), state.advice) };
    case 'silent':
      return {
        state: 'failed',
        text: 'silent',
        advice: sentences(visibleText(state.reason), 'The host may be overloaded: try again'),
      };
    case 'starting':
    case 'off':
      return { state: 'failed', text: 'did not start in time', advice: 'Try again with a longer --timeout' };
  }
}

function kernelLog(core: Core, host: HostSummary): Finding {
  const state = core.kernelLog(host.id);
  switch (state.kind) {
    case 'following':
      return { state: 'ok', text: visibleText(state.source, 60) };
    case 'unavailable':
      return {
        state: 'warning',
        text: 'not readable',
        advice: sentences(
          visibleText(state.reason),
          state.advice,
          'OOM kills are told from counters meanwhile, without the victim’s figures',
        ),
      };
    case 'waiting':
      return { state: 'warning', text: 'not found in time', advice: 'Try again with a longer --timeout' };
  }
}

function clock(host: HostSummary): Finding {
  const facts = host.facts;
  if (!facts) return NOT_LOOKED_AT;
  const text = `${signed(facts.clockOffsetMs)} ms ± ${Math.ceil(facts.clockUncertaintyMs)}`;
  if (Math.abs(facts.clockOffsetMs) <= CLOCK_OFFSET_MS + facts.clockUncertaintyMs)
    return { state: 'ok', text };
  return {
    state: 'warning',
    text,
    advice:
      'Its clock is off; the timeline corrects for it, its own logs do not. Check its time synchronisation',
  };
}

async function channels(core: Core, host: HostSummary): Promise<Finding> {
  let count: number | undefined;
  try {
    count = await core.probeChannels(host.id, CHANNELS_TRIED);
  } catch (error) {
    return { state: 'warning', text: 'could not be counted', advice: reasonOf(error) };
  }
  if (count === undefined) return { state: 'unknown', text: 'not known' };
  if (count >= CHANNELS_TRIED) return { state: 'ok', text: `${CHANNELS_TRIED} or more` };
  if (count >= CHANNELS_WANTED) return { state: 'ok', text: String(count) };
  return {
    state: 'warning',
    text: String(count),
    advice: `A second connection will be needed. Raise MaxSessions in its sshd_config to ${CHANNELS_WANTED} or more, better 10`,
  };
}

function signed(value: number): string {
  const rounded = Math.round(value);
  return rounded > 0 ? `+${rounded}` : String(rounded);
}
