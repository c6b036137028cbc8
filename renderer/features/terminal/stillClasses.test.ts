import { expect, it } from 'vitest';
import { keepClassesStill } from './stillClasses.ts';

it('touches the list only for classes that are there', () => {
  const names = new Set(['xterm', 'focus', 'column-select']);
  const touched: string[][] = [];
  const classes = {
    contains: (name: string) => names.has(name),
    remove(...some: string[]) {
      touched.push(some);
      for (const name of some) names.delete(name);
    },
  };
  keepClassesStill(classes);
  for (let n = 0; n < 3; n++) classes.remove('column-select', 'focus');
  classes.remove('enable-mouse-events');
  expect(touched).toEqual([['column-select', 'focus']]);
  expect([...names]).toEqual(['xterm']);
});
