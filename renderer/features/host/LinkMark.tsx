import { describeLink } from '../../../shared/model/describeLink.ts';
import { asText, formatMilliseconds } from '../../../shared/model/format.ts';
import type { LinkState } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import styles from './LinkMark.module.css';

/** A link's state as a shape, and as a word where there is room (`words`), with the reason in its tooltip. */
export function LinkMark({ link, words = false }: { link: LinkState; words?: boolean }) {
  const { mark, tone, word } = describeLink(link);
  const sentence = linkSentence(link);
  return (
    <span className={styles.link} data-tone={tone} title={sentence}>
      <span className={styles.mark} role="img" aria-label={`link ${word}`}>
        {mark}
      </span>
      {words && <span>{sentence.split('; ')[0]}</span>}
    </span>
  );
}

/** `good 12 ms`, `reconnecting; connection reset by peer`. Reasons may hold text of the far side. */
export function linkSentence(link: LinkState): string {
  const { word } = describeLink(link);
  const trip =
    'roundTripMs' in link && link.roundTripMs !== undefined
      ? ` ${asText(formatMilliseconds(link.roundTripMs))}`
      : '';
  const reason = 'reason' in link ? `; ${visibleText(link.reason, 200)}` : '';
  return `${word}${trip}${reason}`;
}
