import { memo, useEffect, useState } from 'react';
import {
  asText,
  formatBytes,
  formatClock,
  formatDuration,
  formatMilliseconds,
} from '../../../shared/model/format.ts';
import type { HostId, HostSummary } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { metricIndex } from '../../../shared/model/metric.ts';
import { coreNow } from '../../series/coreTime.ts';
import { seriesOf } from '../../series/samples.ts';
import { onSecond } from '../../series/secondBeat.ts';
import { useHosts } from '../../stores/hosts.ts';
import { useUi } from '../../stores/ui.ts';
import { DiagnosisPanel } from '../diagnosis/DiagnosisPanel.tsx';
import { ProcessTable } from '../processes/ProcessTable.tsx';
import { staleMs } from './charts/gaps.ts';
import styles from './HostDetail.module.css';
import { LinkMark } from './LinkMark.tsx';
import { LinkCount, LinkPanel } from './LinkPanel.tsx';
import { Overview } from './Overview.tsx';

const TABS = [
  { id: 'overview', label: 'Overview' },
  { id: 'processes', label: 'Processes' },
  { id: 'diagnose', label: 'Diagnose' },
  { id: 'link', label: 'Link' },
] as const;
type TabId = (typeof TABS)[number]['id'];

/** Not every way to a host has forwards and an agent. */
const tabsOf = (host: HostSummary) => TABS.filter(({ id }) => id !== 'link' || host.extras !== undefined);

/** Everything about the focused host. */
export const HostDetail = memo(function HostDetail() {
  const focused = useUi((s) => s.focusedHost);
  const wanted = useUi((s) => s.detailTab);
  const host = useHosts((s) => (focused === undefined ? undefined : s.byId[focused]));

  if (!host) {
    return (
      <section aria-label="Host detail" className={styles.detail}>
        <p className={styles.nothing}>Choose a host in the fleet to see its charts and processes here.</p>
      </section>
    );
  }
  const tabs = tabsOf(host);
  const tab = tabs.some(({ id }) => id === wanted) ? wanted : 'overview';
  const show = (id: TabId) => useUi.setState({ detailTab: id });
  return (
    <section aria-label="Host detail" className={styles.detail}>
      <header className={styles.header}>
        <h2 className={styles.name}>{visibleText(host.id, 64)}</h2>
        <LinkMark link={host.link} sampler={host.sampler} agent={host.extras?.agentForwarding} words />
        <div role="tablist" aria-label="Host detail" className={styles.tabs}>
          {tabs.map(({ id, label }, index) => (
            <button
              key={id}
              type="button"
              role="tab"
              id={`host-tab-${id}`}
              aria-selected={tab === id}
              aria-controls="host-tab-panel"
              tabIndex={tab === id ? 0 : -1}
              onClick={() => show(id)}
              onKeyDown={(event) => {
                if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
                const step = event.key === 'ArrowLeft' ? tabs.length - 1 : 1;
                const other = tabs[(index + step) % tabs.length];
                if (!other) return;
                show(other.id);
                document.getElementById(`host-tab-${other.id}`)?.focus();
              }}
            >
              {label}
              {id === 'link' && <LinkCount host={host} />}
            </button>
          ))}
        </div>
        <Moment host={host.id} />
        <Facts host={host} />
        <Unwatched host={host} />
      </header>
      <div
        role="tabpanel"
        id="host-tab-panel"
        aria-labelledby={`host-tab-${tab}`}
        className={styles.panel}
        key={host.id}
      >
        {tab === 'overview' && <Overview host={host.id} />}
        {tab === 'processes' && <ProcessTable host={host} />}
        {tab === 'diagnose' && <DiagnosisPanel host={host} />}
        {tab === 'link' && <LinkPanel host={host} />}
      </div>
    </section>
  );
});

/** A host without figures looks like a quiet one: why it has none is said where they would be. */
function Unwatched({ host: { sampler } }: { host: HostSummary }) {
  if (sampler.kind !== 'failed') return null;
  return (
    <p className={styles.unwatched} role="alert">
      Nothing is measured: {visibleText(sampler.reason, 300)}. {visibleText(sampler.advice, 300)}
    </p>
  );
}

/** The moment that the values are of, while it is not now; and for how long nothing has come. */
function Moment({ host }: { host: HostId }) {
  useBeat(1);
  const crosshair = useUi((s) => s.crosshair);
  const time = useUi((s) => s.time);
  const stale =
    time.kind === 'live' ? staleMs({ newestAt: seriesOf(host).ring.newestAt }, coreNow()) : undefined;
  return (
    <p className={styles.moment}>
      {stale !== undefined && <span className={styles.stale}>no data for {formatDuration(stale)}</span>}
      {crosshair !== undefined
        ? `at ${formatClock(crosshair)}`
        : time.kind === 'past' && `${formatClock(time.from)} – ${formatClock(time.to)}`}
    </p>
  );
}

/** Address, system, uptime, clock, and what watching costs the host. */
function Facts({ host }: { host: HostSummary }) {
  // Facts age slowly: every other second is enough, and keeps the line still.
  useBeat(2);
  const { facts } = host;
  const parts: { label?: string; text: string; title?: string; long?: boolean }[] = [
    { text: visibleText(host.address, 80), long: true },
  ];
  if (facts) {
    const sign = facts.clockOffsetMs < 0 ? '−' : '+';
    parts.push(
      { text: visibleText(facts.osName, 60), long: true },
      { text: visibleText(facts.kernel, 60), long: true },
      { text: facts.cores === 1 ? '1 core' : `${facts.cores} cores` },
      { label: 'up', text: formatDuration(coreNow() + facts.clockOffsetMs - facts.bootedAt) },
      {
        label: 'clock',
        text: `${sign}${asText(formatMilliseconds(Math.abs(facts.clockOffsetMs)))} ± ${asText(formatMilliseconds(facts.clockUncertaintyMs))}`,
        title:
          'The clock of this host less the clock of the workbench. The uncertainty is half the best round trip.',
      },
    );
    if (facts.container) {
      parts.push({
        text: 'container',
        title: 'Sampled from inside a container: its limits lie below those of the machine.',
      });
    }
  }
  parts.push(samplerPart(host));
  return (
    <ul className={styles.facts} aria-label="Facts">
      {parts.map(({ label, text, title, long }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: their places are fixed
        <li key={index} title={title ?? text} data-long={long ?? false}>
          {label && <span className={styles.factLabel}>{label} </span>}
          {text}
        </li>
      ))}
    </ul>
  );
}

const SAMPLER_CPU = metricIndex('fireline.sampler.cpu');
const SAMPLER_RESIDENT = metricIndex('fireline.sampler.resident');
const SAMPLER_FRAME = metricIndex('fireline.sampler.frame');
/** What the sampler costs is shown as the mean of this: one tick of the kernel's clock is 10 ms, its reading of 3 is noise. */
const COST_MS = 60_000;

/** How births and deaths of processes are known. */
function connectorWords(connector: string | undefined): string {
  if (connector === undefined) return '';
  return connector === 'on'
    ? '\nForks and exits: each, as the kernel tells them (process connector)'
    : `\nForks and exits: as far as a look once a second sees them; process connector ${visibleText(connector, 200)}`;
}

function samplerPart(host: HostSummary): { label: string; text: string; title: string } {
  const { sampler } = host;
  switch (sampler.kind) {
    case 'off':
      return { label: 'sampler', text: 'off', title: 'The sampler starts once the link is up.' };
    case 'starting':
      return { label: 'sampler', text: 'starting', title: 'The first figures need two ticks.' };
    case 'silent':
      return { label: 'sampler', text: 'silent', title: visibleText(sampler.reason, 300) };
    case 'failed':
      return {
        label: 'sampler',
        text: 'failed',
        title: `${visibleText(sampler.reason, 300)}\n${visibleText(sampler.advice, 300)}`,
      };
    case 'running': {
      const now = coreNow();
      const view = seriesOf(host.id).ring.window(now - COST_MS, now);
      const mean = (metric: number) => {
        let sum = 0;
        let count = 0;
        for (let i = 0; i < view.length; i++) {
          const value = view.valueAt(metric, i);
          if (!Number.isFinite(value)) continue;
          sum += value;
          count++;
        }
        return count === 0 ? undefined : sum / count;
      };
      const cost = asText(formatMilliseconds(mean(SAMPLER_CPU)));
      const memory = asText(formatBytes(mean(SAMPLER_RESIDENT)));
      const frame = asText(formatBytes(mean(SAMPLER_FRAME)));
      return {
        label: 'sampler',
        text: `${sampler.implementation} ${cost} · ${memory} · ${frame}`,
        title: `What watching costs this host, mean of the last minute: ${cost} of CPU a tick, ${memory} of memory, ${frame} sent a tick${connectorWords(host.facts?.processConnector)}`,
      };
    }
  }
}

/** Renders again every so many seconds, for what ages. */
function useBeat(everySeconds: number): void {
  const [, beat] = useState(0);
  useEffect(() => {
    let seconds = 0;
    const heard = onSecond(() => {
      if (++seconds % everySeconds === 0) beat(seconds);
    });
    return () => heard.dispose();
  }, [everySeconds]);
}
