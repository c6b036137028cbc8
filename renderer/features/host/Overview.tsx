import { useRef } from 'react';
import type { HostId } from '../../../shared/model/host.ts';
import { useHosts } from '../../stores/hosts.ts';
import { CanvasChart } from './charts/CanvasChart.tsx';
import { ChartFrame } from './charts/ChartFrame.tsx';
import { CoreStrip } from './charts/CoreStrip.tsx';
import { CHARTS } from './charts/chartSpec.ts';
import { useHostEvents } from './charts/EventMarks.tsx';
import { RechartsChart } from './charts/RechartsChart.tsx';
import { useSeriesWindow, useVisible } from './charts/useSeriesWindow.ts';
import styles from './HostDetail.module.css';

/**
 * Eight charts of one host on one time axis, drawn at most once a second and only while they can be seen: by Recharts for
 * the focused host, on canvas where any number of hosts may be open.
 */
export function Overview({ host, canvas = false }: { host: HostId; canvas?: boolean }) {
  const root = useRef<HTMLDivElement>(null);
  const visible = useVisible(root);
  const { series, now } = useSeriesWindow(host, visible);
  const { events, selected } = useHostEvents(host, series.view);
  const cores = useHosts((s) => s.byId[host]?.facts?.cores) ?? series.view.coreCount;
  return (
    <div ref={root} className={styles.overview}>
      <div className={styles.charts}>
        {CHARTS.map((spec) => (
          <ChartFrame key={spec.id} spec={spec} series={series} now={now} events={events} selected={selected}>
            {(axes) =>
              canvas ? (
                <CanvasChart spec={spec} host={host} axes={axes} />
              ) : (
                <RechartsChart spec={spec} series={series} axes={axes} />
              )
            }
          </ChartFrame>
        ))}
      </div>
      {cores > 0 && <CoreStrip host={host} series={series} cores={cores} />}
    </div>
  );
}
