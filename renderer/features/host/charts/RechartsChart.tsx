import { Area, ComposedChart, Curve, Line, type LineDrawShapeProps, XAxis, YAxis } from 'recharts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import type { Axes } from './ChartFrame.tsx';
import { chartRows } from './chartRows.ts';
import type { ChartSpec, Layer } from './chartSpec.ts';

const FLUSH = { top: 0, right: 0, bottom: 0, left: 0 };

/** A chart's values in Recharts, for the focused host. Axes, gaps, marks and crosshair are the frame's. */
export function RechartsChart({ spec, series, axes }: { spec: ChartSpec; series: WindowSeries; axes: Axes }) {
  const { view } = series;
  const { left, right, plot } = axes;
  return (
    <ComposedChart
      width={plot.width}
      height={plot.height}
      margin={FLUSH}
      data={chartRows(spec, view)}
      accessibilityLayer={false}
      stackOffset="sign"
    >
      {/* From the window's beginning: an axis that stays what it is while time goes on is not made anew each second. */}
      <XAxis dataKey="at" type="number" domain={[0, view.to - view.from]} allowDataOverflow hide />
      <YAxis
        yAxisId="left"
        domain={[spec.below.length > 0 ? -left.top : 0, left.top]}
        allowDataOverflow
        hide
      />
      {right && <YAxis yAxisId="right" orientation="right" domain={[0, right.top]} allowDataOverflow hide />}
      {spec.stack.map((layer) => area(layer, 'above'))}
      {spec.below.map((layer) => area(layer, 'below'))}
      {spec.lines.map((layer) => line(layer, 'left'))}
      {spec.right.map((layer) => line(layer, 'right'))}
    </ComposedChart>
  );
}

function area(layer: Layer, stack: string) {
  return (
    <Area
      key={layer.key}
      yAxisId="left"
      dataKey={layer.key}
      stackId={stack}
      type="linear"
      fill={`var(${layer.colour})`}
      fillOpacity={1}
      stroke="none"
      dot={false}
      activeDot={false}
      connectNulls={false}
      isAnimationActive={false}
    />
  );
}

function line(layer: Layer, axis: string) {
  return (
    <Line
      key={layer.key}
      yAxisId={axis}
      dataKey={layer.key}
      type="linear"
      stroke={`var(${layer.colour})`}
      strokeWidth={1.25}
      {...(layer.dashed ? { strokeDasharray: '3 3' } : {})}
      dot={false}
      activeDot={false}
      connectNulls={false}
      isAnimationActive={false}
      shape={curve}
    />
  );
}

/**
 * The line's path without a reference to it: of one that it knows, Recharts asks the length each time it draws, animated or
 * not, and has the page laid out for it.
 */
function curve({ pathRef: _, ...props }: LineDrawShapeProps) {
  return <Curve {...props} />;
}
