import { DIAGNOSES, type Diagnosis, type DiagnosisResult } from '../../../shared/model/diagnosis.ts';
import { asText, formatBytes, formatMilliseconds } from '../../../shared/model/format.ts';
import { type HostSummary, isUp } from '../../../shared/model/host.ts';
import { visibleLines, visibleText } from '../../../shared/model/hostText.ts';
import { type Look, look, useDiagnoses } from '../../stores/diagnoses.ts';
import { openDialog } from '../../stores/ui.ts';
import { ScrollableText } from '../shell/ScrollableText.tsx';
import styles from './DiagnosisPanel.module.css';

/** What an engineer would type by hand, one click each; everything that is looked at is kept on the timeline. */
export function DiagnosisPanel({ host }: { host: HostSummary }) {
  const latest = useDiagnoses((s) => s.latest[host.id]);
  const target = useDiagnoses((s) => s.targets[host.id]);
  const asRoot = useDiagnoses((s) => s.asRoot);
  const up = isUp(host.link);
  const group = (about: Diagnosis['about']) => DIAGNOSES.filter((one) => one.about === about);
  const isErlang = target !== undefined && /^(?:beam|erl_child|erlexec)/.test(target.name);
  return (
    <div className={styles.panel}>
      <div
        className={styles.choices}
        role="toolbar"
        aria-label={`Look at ${host.id}`}
        aria-orientation="vertical"
      >
        <h3 className={styles.heading}>The host</h3>
        {group('host').map((one) => (
          <Choice
            key={one.id}
            one={one}
            latest={latest}
            disabled={!up}
            onChoose={() => void look(host.id, one)}
          />
        ))}
        <h3 className={styles.heading}>
          {target ? `pid ${target.identity.pid} ${visibleText(target.name, 20)}` : 'A process'}
        </h3>
        {target ? (
          <>
            {[...group('process'), ...(isErlang ? group('erlang') : [])].map((one) => (
              <Choice
                key={one.id}
                one={one}
                latest={latest}
                disabled={!up}
                onChoose={() => void look(host.id, one, target.identity)}
              />
            ))}
            <button
              type="button"
              className={styles.choice}
              disabled={!up}
              title="Where it spends its CPU: a flame graph. What it costs is said first."
              onClick={() =>
                openDialog({
                  kind: 'profile',
                  host: host.id,
                  targets: { processes: [target.identity] },
                  label: `Profile pid ${target.identity.pid} (${visibleText(target.name, 20)})`,
                })
              }
            >
              Profile…
            </button>
          </>
        ) : (
          <p className={styles.hint}>Choose one in the process table.</p>
        )}
        <label
          className={styles.root}
          title="Where this account is not root: sudo, if it asks for no password"
        >
          <input
            type="checkbox"
            checked={asRoot}
            onChange={(event) => useDiagnoses.setState({ asRoot: event.target.checked })}
          />
          as root
        </label>
      </div>
      <div className={styles.result} aria-live="polite">
        {latest ? (
          <Result host={host} latest={latest} />
        ) : (
          <p className={styles.hint}>
            Read-only looks, bounded in time. What they print is kept on the timeline and in the report.
          </p>
        )}
      </div>
    </div>
  );
}

function Choice({
  one,
  latest,
  disabled,
  onChoose,
}: {
  one: Diagnosis;
  latest: Look | undefined;
  disabled: boolean;
  onChoose: () => void;
}) {
  const running = latest?.diagnosis === one.id && latest.state.kind === 'running';
  return (
    <button
      type="button"
      className={styles.choice}
      data-shown={latest?.diagnosis === one.id || undefined}
      disabled={disabled || running}
      title={[one.shows, one.cost].filter(Boolean).join('\n')}
      onClick={onChoose}
    >
      {one.label}
      {one.cost && (
        <span className={styles.cost}> {one.cost.startsWith('strace') ? 'slows it' : 'takes a while'}</span>
      )}
    </button>
  );
}

function Result({ host, latest }: { host: HostSummary; latest: Look }) {
  const about = DIAGNOSES.find(({ id }) => id === latest.diagnosis);
  if (latest.state.kind === 'running')
    return (
      <p className={styles.hint}>
        {latest.label}: looking…{about && 'cost' in about ? ` ${about.cost}` : ''}
      </p>
    );
  if (latest.state.kind === 'failed')
    return (
      <p className={styles.failure} role="alert">
        {visibleText(latest.state.reason, 1000)}
      </p>
    );
  const { result } = latest.state;
  return (
    <>
      <header className={styles.about}>
        <h3>{visibleText(result.title, 100)}</h3>
        <span>
          took {asText(formatMilliseconds(result.tookMs))}
          {result.exitCode ? ` · exit status ${result.exitCode}` : ''}
          {result.truncated ? ' · cut: it printed more' : ''} · kept on the timeline
        </span>
        <button type="button" onClick={() => void navigator.clipboard.writeText(result.output)}>
          Copy
        </button>
      </header>
      {result.services && result.services.length > 0 && <Services host={host} services={result.services} />}
      {result.deletedFiles && result.deletedFiles.length > 0 && (
        <DeletedFiles host={host} files={result.deletedFiles} />
      )}
      <ScrollableText className={styles.output}>{visibleLines(result.output, 200_000)}</ScrollableText>
    </>
  );
}

function Services({
  host,
  services,
}: {
  host: HostSummary;
  services: NonNullable<DiagnosisResult['services']>;
}) {
  const order = { failed: 0, changing: 1, down: 2, up: 3 };
  const shown = [...services].sort((a, b) => order[a.state] - order[b.state] || a.name.localeCompare(b.name));
  return (
    <table className={styles.table} aria-label="Services">
      <tbody>
        {shown.slice(0, 100).map(({ manager, name, state, words }) => (
          <tr key={`${manager} ${name}`}>
            <td data-state={state}>{state}</td>
            <td>{visibleText(name, 100)}</td>
            <td className={styles.words}>{words}</td>
            <td className={styles.deeds}>
              {(state === 'up' ? (['restart', 'stop'] as const) : (['start', 'restart'] as const)).map(
                (operation) => (
                  <button
                    key={operation}
                    type="button"
                    aria-label={`${operation} ${visibleText(name, 100)}`}
                    onClick={() =>
                      openDialog({
                        kind: 'remediation',
                        request: {
                          action: 'service.control',
                          label: `${operation} ${visibleText(name, 100)}`,
                          host: host.id,
                          arguments: { manager, name, operation },
                        },
                      })
                    }
                  >
                    {operation}…
                  </button>
                ),
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function DeletedFiles({
  host,
  files,
}: {
  host: HostSummary;
  files: NonNullable<DiagnosisResult['deletedFiles']>;
}) {
  const bootId = host.facts?.bootId;
  return (
    <table className={styles.table} aria-label="Deleted files that are held open">
      <tbody>
        {files.map((file) => (
          <tr key={`${file.pid} ${file.descriptor}`}>
            <td className={styles.number}>{asText(formatBytes(file.bytes))}</td>
            <td>
              {file.process} <small>pid {file.pid}</small>
            </td>
            <td className={styles.words}>{file.path} (deleted)</td>
            <td className={styles.deeds}>
              <button
                type="button"
                disabled={bootId === undefined || file.startTicks === 0}
                aria-label={`Empty ${file.path} of pid ${file.pid}`}
                onClick={() =>
                  bootId !== undefined &&
                  openDialog({
                    kind: 'remediation',
                    request: {
                      action: 'file.truncate_deleted',
                      label: `Empty ${file.path}`,
                      host: host.id,
                      arguments: {
                        target: { bootId, pid: file.pid, startTicks: file.startTicks },
                        descriptor: file.descriptor,
                        inode: file.inode,
                      },
                    },
                  })
                }
              >
                empty…
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
