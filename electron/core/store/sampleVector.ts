import { METRICS, type MetricName, type MetricVector, metricIndex } from '../../../shared/model/metric.ts';

/** Every platform that Node 24 runs on is little-endian, so the typed arrays' own order is the file's. */
export function encodeVector(vector: MetricVector): { vector: Uint8Array; cores: Uint8Array } {
  const values = Float64Array.from(vector.values, (value) => value ?? Number.NaN);
  const cores = Float32Array.from(vector.cores);
  return { vector: new Uint8Array(values.buffer), cores: new Uint8Array(cores.buffer) };
}

/** A record of an older version has a shorter vector: what it did not know is null. */
export function decodeVector(at: number, vector: Uint8Array, cores: Uint8Array): MetricVector {
  const values: (number | null)[] = Array.from(new Float64Array(aligned(vector, 8)), (value) =>
    Number.isNaN(value) ? null : value,
  );
  while (values.length < METRICS.length) values.push(null);
  return {
    at,
    values,
    cores: Array.from(new Float32Array(aligned(cores, 4)), (value) => Math.round(value * 1e3) / 1e3),
  };
}

/** Where a metric's value begins in a vector's bytes. */
export const offsetOfMetric = (metric: MetricName) => 8 * metricIndex(metric);

/** Of the eight bytes from there on; undefined where it was not known, or not yet measured in that version. */
export function decodeMetric(bytes: Uint8Array): number | undefined {
  if (bytes.length < 8) return undefined;
  const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  return Number.isNaN(value) ? undefined : value;
}

/** A copy that starts at offset 0, without a torn last number. */
function aligned(bytes: Uint8Array, width: number): ArrayBuffer {
  const whole = bytes.length - (bytes.length % width);
  const copy = new Uint8Array(whole);
  copy.set(bytes.subarray(0, whole));
  return copy.buffer;
}
