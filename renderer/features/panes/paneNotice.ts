import { formatDuration } from '../../../shared/model/format.ts';
import type { LinkCause, LinkState } from '../../../shared/model/host.ts';
import type { PaneState, PaneSummary } from '../../../shared/model/pane.ts';

export type NoticeAction = 'reconnect' | 'cancel' | 'restart' | 'another' | 'close' | 'approve';

/** What stands under a terminal that cannot be typed into, or soon may not: what is, since when, what to do. */
export interface PaneNotice {
  tone: 'plain' | 'warning' | 'critical';
  /** Text from the far side is in here: to be shown as text, made visible. */
  text: string;
  advice?: string;
  /** A command shown in full. */
  command?: string;
  actions: NoticeAction[];
}

/** The link says more than the pane does, so it comes first. `undefined`: all is well. Times are epoch ms. */
export function paneNotice(
  host: string,
  link: LinkState | undefined,
  pane: PaneState,
  heldCommand: string | undefined,
  now: number,
  durable?: PaneSummary['durable'],
): PaneNotice | undefined {
  const kept = durable?.keeper
    ? `The ${durable.keeper} session ${durable.name} goes on there, and is attached again when the link is back.`
    : SHELL_GONE;
  return (link && linkNotice(host, link, heldCommand, now, kept)) ?? stateNotice(host, pane, now);
}

function linkNotice(
  host: string,
  link: LinkState,
  heldCommand: string | undefined,
  now: number,
  kept: string,
): PaneNotice | undefined {
  const ago = formatDuration(now - link.since);
  switch (link.kind) {
    case 'good':
    case 'degraded':
      return undefined;
    case 'held':
      return {
        tone: 'warning',
        text: `${host} is held: its workspace file runs a command on this machine that you have not approved.`,
        ...(heldCommand === undefined ? { advice: link.reason } : { command: heldCommand }),
        actions: ['approve'],
      };
    case 'connecting':
    case 'authenticating': {
      const doing = link.kind === 'connecting' ? 'Connecting to' : 'Logging in to';
      const attempt = link.attempt > 1 ? `, try ${link.attempt}` : '';
      const text = `${doing} ${host}… ${ago}${attempt}`;
      if (link.downSince === undefined) return { tone: 'plain', text, actions: ['cancel'] };
      return {
        tone: 'critical',
        text: `${trouble(host, link.cause)} ${formatDuration(now - link.downSince)} ago. ${text}`,
        advice: kept,
        actions: ['cancel'],
      };
    }
    case 'idle':
    case 'closed':
      return { tone: 'plain', text: `${host} is not connected.`, actions: ['reconnect'] };
    case 'stalled':
      return {
        tone: 'warning',
        text: `${host} stopped answering ${ago} ago; the connection stands: ${link.reason}`,
        advice: 'What you type is kept and sent when it answers.',
        actions: ['reconnect'],
      };
    case 'lost':
      return { tone: 'critical', text: `Link lost ${ago} ago: ${link.reason}`, actions: ['reconnect'] };
    case 'reconnecting': {
      const wait = link.nextTryAt - now;
      const next = wait > 500 ? `next try in ${Math.ceil(wait / 1000)} s` : 'trying now';
      const { downSince } = link;
      const when = downSince === undefined ? '' : ` ${formatDuration(now - downSince)} ago`;
      return {
        tone: 'critical',
        text: `${downSince === undefined ? `${host} cannot be reached` : trouble(host, link.cause)}${when}, ${next}: ${link.reason}`,
        ...(downSince === undefined ? {} : { advice: kept }),
        actions: ['reconnect', 'cancel'],
      };
    }
    case 'refused':
      return {
        tone: 'critical',
        text: `${host} refused: ${link.reason}`,
        advice: link.advice,
        actions: ['reconnect'],
      };
  }
}

const SHELL_GONE =
  'The shell is gone with the link; its output is kept. A new one starts here when the link is back.';

/** Before an age: what began so long ago. */
function trouble(host: string, cause: LinkCause | undefined): string {
  switch (cause) {
    case undefined:
      return 'Link lost';
    case 'ssh_dying':
      return `${host} accepts connections and its sshd does not answer; the link was lost`;
    case 'no_answer':
      return 'Link down, no answer; lost';
    case 'no_route':
      return `This machine has no route to ${host}; the link was lost`;
    case 'host_unreachable':
      return `${host} is unreachable; the link was lost`;
    case 'not_listening':
      return `${host} is up and no sshd listens; the link was lost`;
    case 'turned_away':
      return `sshd of ${host} turns logins away; the link was lost`;
    case 'no_name':
      return `The name of ${host} cannot be looked up; the link was lost`;
  }
}

function stateNotice(host: string, pane: PaneState, now: number): PaneNotice | undefined {
  switch (pane.kind) {
    case 'open':
      return undefined;
    case 'opening': {
      const waited = now - pane.since;
      // Most shells are there sooner than a line of text could be read.
      if (waited < 700) return undefined;
      return {
        tone: 'plain',
        text: `Starting a shell on ${host}… ${formatDuration(waited)}`,
        actions: ['close'],
      };
    }
    case 'exited': {
      const how = pane.signal
        ? `was ended by ${pane.signal}`
        : pane.exitCode === undefined
          ? 'ended'
          : `ended with status ${pane.exitCode}`;
      return {
        tone: 'plain',
        text: `The shell ${how}. Enter starts a new one.`,
        actions: ['restart', 'close'],
      };
    }
    case 'lost':
      return {
        tone: 'warning',
        text: `The shell is gone with the link, ${formatDuration(now - pane.since)} ago: ${pane.reason}`,
        actions: ['restart', 'close'],
      };
    case 'failed':
      return {
        tone: 'critical',
        text: `No shell on ${host}: ${pane.reason}`,
        advice: pane.advice,
        actions: pane.full ? ['another', 'restart', 'close'] : ['restart', 'close'],
      };
  }
}
