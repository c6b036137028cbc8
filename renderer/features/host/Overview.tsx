import { memo, useRef } from 'react';
import type { HostId } from '../../../shared/model/host.ts';
import { useHosts } from '../../stores/hosts.ts';
import { CanvasChart } from './charts/CanvasChart.tsx';
import { ChartFrame } from './charts/ChartFrame.tsx';
import { CoreStrip } from './charts/CoreStrip.tsx';
import { CHARTS, type ChartSpec } from './charts/chartSpec.ts';
import { RechartsChart } from './charts/RechartsChart.tsx';
import { useSeriesWindow, useVisible } from './charts/useSeriesWindow.ts';
import styles from './HostDetail.module.css';

interface Shown {
  host: HostId;
  /** False while none of it can be seen. */
  visible: boolean;
}

/**
 * Eight charts of one host on one time axis, each drawn at most once a second, in its turn, and only while they can be seen: by
 * Recharts for the focused host, on canvas where any number of hosts may be open.
 */
export function Overview({ host, canvas = false }: { host: HostId; canvas?: boolean }) {
  const root = useRef<HTMLDivElement>(null);
  const visible = useVisible(root);
  return (
    <div ref={root} className={styles.overview}>
      <div className={styles.charts}>
        {CHARTS.map((spec) => (
          <OverviewChart key={spec.id} spec={spec} host={host} visible={visible} canvas={canvas} />
        ))}
      </div>
      <OverviewCores host={host} visible={visible} />
    </div>
  );
}

const OverviewChart = memo(function OverviewChart({
  spec,
  host,
  visible,
  canvas,
}: Shown & { spec: ChartSpec; canvas: boolean }) {
  const { series, now } = useSeriesWindow(host, visible);
  return (
    <ChartFrame spec={spec} host={host} series={series} now={now}>
      {(axes) =>
        canvas ? (
          <CanvasChart spec={spec} host={host} axes={axes} />
        ) : (
          <RechartsChart spec={spec} series={series} axes={axes} />
        )
      }
    </ChartFrame>
  );
});

const OverviewCores = memo(function OverviewCores({ host, visible }: Shown) {
  const { series } = useSeriesWindow(host, visible);
  const cores = useHosts((s) => s.byId[host]?.facts?.cores) ?? series.view.coreCount;
  return cores > 0 && <CoreStrip host={host} series={series} cores={cores} />;
});
