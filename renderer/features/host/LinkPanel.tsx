import { Fragment } from 'react';
import { asText, formatBytes, formatClock } from '../../../shared/model/format.ts';
import type { Forward } from '../../../shared/model/forward.ts';
import type { HostSummary } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { linkSentence } from './LinkMark.tsx';
import styles from './LinkPanel.module.css';

/** What a host's connection does besides panes: the agent, the forwards with their traffic, and what is not done. */
export function LinkPanel({ host }: { host: HostSummary }) {
  const { extras } = host;
  if (!extras) return null;
  const { forwards, agentForwarding, notices } = extras;
  return (
    <div className={styles.panel}>
      <dl className={styles.facts}>
        <dt>Address</dt>
        <dd>{visibleText(host.address, 200)}</dd>
        <dt>Link</dt>
        <dd>{linkSentence(host.link, host.sampler)}</dd>
        {host.link.kind === 'refused' && (
          <>
            <dt>To do</dt>
            <dd>{visibleText(host.link.advice, 600)}</dd>
          </>
        )}
        <dt>Agent</dt>
        <dd>
          {agentForwarding ? (
            <>
              forwarded: programs on this host can log in elsewhere with the keys of{' '}
              <code>{visibleText(agentForwarding.socket, 200)}</code>; asked {agentForwarding.uses}{' '}
              {agentForwarding.uses === 1 ? 'time' : 'times'}
            </>
          ) : (
            'not forwarded'
          )}
        </dd>
      </dl>
      {forwards.length === 0 ? (
        <p className={styles.empty}>
          No forwards. A LocalForward, RemoteForward or DynamicForward in ssh_config is opened with the
          connection and listed here.
        </p>
      ) : (
        <Forwards forwards={forwards} />
      )}
      {notices.length > 0 && (
        <>
          <h3 className={styles.title}>Not done</h3>
          <ul className={styles.notices}>
            {notices.map((notice) => (
              <li key={notice}>{visibleText(notice, 500)}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** How many forwards there are, beside the tab's name; a cross when one of them failed. */
export function LinkCount({ host }: { host: HostSummary }) {
  const forwards = host.extras?.forwards ?? [];
  if (forwards.length === 0) return null;
  const failed = forwards.filter((forward) => forward.state.kind === 'failed').length;
  return (
    <span className={styles.count} data-failed={failed > 0}>
      {failed > 0 ? (
        <>
          <span aria-hidden>✕</span> {failed} failed
        </>
      ) : (
        forwards.length
      )}
    </span>
  );
}

function Forwards({ forwards }: { forwards: readonly Forward[] }) {
  return (
    <table className={styles.table} aria-label="Forwards">
      <thead>
        <tr>
          <th scope="col">Forward</th>
          <th scope="col">Listens at</th>
          <th scope="col">Goes to</th>
          <th scope="col">State</th>
          <th scope="col" className={styles.number}>
            Open
          </th>
          <th scope="col" className={styles.number}>
            Total
          </th>
          <th scope="col" className={styles.number}>
            Sent
          </th>
          <th scope="col" className={styles.number}>
            Received
          </th>
        </tr>
      </thead>
      <tbody>
        {forwards.map((forward) => {
          const trouble = troubleOf(forward);
          return (
            <Fragment key={forward.id}>
              <tr>
                <td>{KINDS[forward.kind]}</td>
                <td className={styles.place}>{visibleText(forward.listen, 120)}</td>
                <td className={styles.place}>
                  {visibleText(forward.target ?? 'where each asks (SOCKS)', 120)}
                </td>
                <td data-state={forward.state.kind}>{STATES[forward.state.kind]}</td>
                <td className={styles.number}>{forward.open}</td>
                <td className={styles.number}>{forward.total}</td>
                <td className={styles.number}>{asText(formatBytes(forward.sentBytes))}</td>
                <td className={styles.number}>{asText(formatBytes(forward.receivedBytes))}</td>
              </tr>
              {trouble !== undefined && (
                <tr className={styles.trouble}>
                  <td />
                  <td colSpan={7}>{trouble}</td>
                </tr>
              )}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

const KINDS = { local: 'here → host', remote: 'host → here', dynamic: 'here → host' } as const;
const STATES = {
  waiting: '○ waits for the link',
  opening: '◐ opening',
  listening: '● listening',
  failed: '✕ failed',
} as const;

function troubleOf({ state, lastFailure }: Forward): string | undefined {
  if (state.kind === 'failed') return visibleText(`${state.reason}. ${state.advice}`, 400);
  if (!lastFailure) return undefined;
  return `at ${formatClock(lastFailure.at)} a connection failed: ${visibleText(lastFailure.reason, 300)}`;
}
