import { expect, it } from 'vitest';
import { moveTextareaWithFrames } from './textareaPlace.ts';

class TestStyle {
  left = '';
  top = '';
  getPropertyValue(name: 'left' | 'top') {
    return this[name];
  }
}

function testTextarea() {
  const element = { style: new TestStyle() as unknown as CSSStyleDeclaration };
  const frames: (() => void)[] = [];
  const state = { element, frames, parsing: true };
  moveTextareaWithFrames(
    element,
    () => state.parsing,
    (run) => frames.push(run),
  );
  return state;
}

it('moves once a frame while output is parsed, to where it was sent last', () => {
  const { element, frames } = testTextarea();
  for (let left = 0; left < 100; left++) {
    element.style.left = `${left}px`;
    element.style.top = '4px';
  }
  expect(element.style.left).toBe('');
  expect(frames).toHaveLength(1);
  frames[0]?.();
  expect([element.style.left, element.style.top]).toEqual(['99px', '4px']);
  element.style.left = '7px';
  expect(frames).toHaveLength(2);
});

it('moves at once for anything else, and stays there', () => {
  const state = testTextarea();
  state.element.style.left = '1px';
  state.parsing = false;
  state.element.style.left = '20px';
  expect(state.element.style.getPropertyValue('left')).toBe('20px');
  state.frames[0]?.();
  expect(state.element.style.left).toBe('20px');
});
