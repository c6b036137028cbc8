import type { Formatted } from '../../../../shared/model/format.ts';
import { nearestTick } from '../../../series/seriesRing.ts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import { useUi } from '../../../stores/ui.ts';
import { Value } from '../Value.tsx';
import styles from './Chart.module.css';
import { type ChartSpec, type Layer, layersOf } from './chartSpec.ts';

/** Title, headline and values: of the tick under the crosshair, else of the newest in the window. */
export function Readout({ spec, series, known }: { spec: ChartSpec; series: WindowSeries; known: boolean }) {
  const crosshair = useUi((s) => s.crosshair);
  const { view } = series;
  const pointed = crosshair !== undefined && crosshair >= view.from && crosshair <= view.to;
  const index = pointed ? nearestTick(view, crosshair) : view.length - 1;
  const drawnAsLine = new Set([...spec.lines, ...spec.right]);
  return (
    <figcaption className={styles.caption}>
      <span className={styles.head}>
        <strong className={styles.title}>{spec.title}</strong>
        {known && <Value of={spec.headline(view, index)} />}
      </span>
      <span className={styles.legend}>
        {known &&
          [...layersOf(spec), ...(spec.also ?? [])]
            .filter((layer) => layer.legend !== 'never')
            .map((layer) => (
              <span key={layer.key} className={styles.entry} data-legend={layer.legend}>
                <i style={{ background: swatch(layer) }} data-line={drawnAsLine.has(layer)} />
                {layer.short === undefined ? (
                  layer.label
                ) : (
                  <>
                    <span data-legend="wide">{layer.label}</span>
                    <span data-legend="narrow" title={layer.label}>
                      {layer.short}
                    </span>
                  </>
                )}
                <Compact of={layer.format((layer.readShown ?? layer.read)(view, index))} unit={spec.unit} />
                {layer.second && (
                  <>
                    /<Compact of={layer.format(layer.second(view, index))} unit={spec.unit} first={false} />
                  </>
                )}
              </span>
            ))}
      </span>
    </figcaption>
  );
}

/** Per cent is on the axis already; the `iB` of binary units waits for room. */
function Compact({ of, unit, first = true }: { of: Formatted; unit: ChartSpec['unit']; first?: boolean }) {
  const shown = unit === 'share' ? '' : of.unit;
  const cut = shown.indexOf('iB');
  return (
    <span className={styles.number} data-first={first}>
      {of.number}
      <small>
        {cut < 0 ? shown : shown.slice(0, cut)}
        {cut >= 0 && <span data-legend="wide">{shown.slice(cut)}</span>}
      </small>
    </span>
  );
}

function swatch(layer: Layer): string {
  return layer.dashed
    ? `repeating-linear-gradient(90deg, var(${layer.colour}) 0 3px, transparent 3px 5px)`
    : `var(${layer.colour})`;
}
