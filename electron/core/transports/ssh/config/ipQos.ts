import { wholeNumber } from './numbers.ts';

/** Classes of traffic by their names, in the order in which ssh looks for one (misc.c). */
const CLASSES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    [1, 2, 3, 4].flatMap((row) => [1, 2, 3].map((column) => [`af${row}${column}`, row * 32 + column * 8])),
  ),
  ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].map((precedence) => [`cs${precedence}`, precedence * 32])),
  ef: 0xb8,
  le: 0x04,
  lowdelay: 0x10,
  throughput: 0x08,
  reliability: 0x04,
};

/** One word of IPQoS as `ssh -G` writes it: a name, or else a number in hexadecimal. */
export function readIpQos(word: string): string | undefined {
  const name = word.toLowerCase();
  if (name === 'none') return 'none';
  const number = CLASSES[name] ?? numberOf(name);
  if (number === undefined) return undefined;
  const known = Object.keys(CLASSES).find((one) => CLASSES[one] === number);
  return known ?? `0x${number.toString(16).padStart(2, '0')}`;
}

/** In the notations of C. */
function numberOf(text: string): number | undefined {
  const [, hexadecimal] = /^0x([\da-f]{1,8})$/.exec(text) ?? [];
  const number = hexadecimal
    ? Number.parseInt(hexadecimal, 16)
    : /^0[0-7]+$/.test(text)
      ? Number.parseInt(text, 8)
      : /^0\d/.test(text)
        ? undefined
        : wholeNumber(text);
  return number !== undefined && number <= 255 ? number : undefined;
}
