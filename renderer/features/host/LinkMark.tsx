import { KeyRound } from 'lucide-react';
import { describeLink } from '../../../shared/model/describeLink.ts';
import { asText, formatClock, formatMilliseconds, plural } from '../../../shared/model/format.ts';
import type { ConnectionExtras } from '../../../shared/model/forward.ts';
import type { LinkState, SamplerState } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import styles from './LinkMark.module.css';

/**
 * A link's state as a shape, and as a word where there is room (`words`), with the reason in its tooltip. A key beside
 * it says that the host may use the agent of this machine.
 */
export function LinkMark({
  link,
  sampler,
  agent,
  words = false,
}: {
  link: LinkState;
  sampler: SamplerState;
  agent?: ConnectionExtras['agentForwarding'];
  words?: boolean;
}) {
  const { mark, tone, word } = describeLink(link, sampler);
  const sentence = linkSentence(link, sampler);
  return (
    <span className={styles.link} data-tone={tone} title={sentence}>
      <span className={styles.mark} role="img" aria-label={`link ${word}`}>
        {mark}
      </span>
      {words && <span>{sentence.split('; ')[0]}</span>}
      {agent && (
        <span
          className={styles.agent}
          role="img"
          aria-label="agent forwarded"
          title={`Your agent is forwarded: programs on this host can log in elsewhere with its keys (${visibleText(agent.socket, 200)}; asked ${agent.uses} ${plural(agent.uses, 'time')}).`}
        >
          <KeyRound size={11} strokeWidth={2.25} aria-hidden />
        </span>
      )}
    </span>
  );
}

/** `good 12 ms`, `ssh dying, try 3 at 14:03:12; reset by peer`. Reasons may hold text of the far side. */
export function linkSentence(link: LinkState, sampler?: SamplerState): string {
  const { word } = describeLink(link, sampler);
  const trip =
    'roundTripMs' in link && link.roundTripMs !== undefined
      ? ` ${asText(formatMilliseconds(link.roundTripMs))}`
      : '';
  const attempt = 'attempt' in link && link.attempt > 1 ? `, try ${link.attempt}` : '';
  const at = link.kind === 'reconnecting' ? ` at ${formatClock(link.nextTryAt)}` : '';
  const heard =
    'reason' in link
      ? link.reason
      : sampler?.kind === 'silent' || sampler?.kind === 'failed'
        ? sampler.reason
        : undefined;
  return `${word}${trip}${attempt}${at}${heard === undefined ? '' : `; ${visibleText(heard, 300)}`}`;
}
