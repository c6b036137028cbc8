import { expect, test } from 'vitest';
import { limitDrawRate } from './drawRate.ts';

/** What a frame costs is measured by a message, which comes when the test says so. */
let painted: (() => void) | undefined;
const afterFrame = (run: () => void) => {
  painted = run;
};

/** A window whose frames and timers run when told to. */
function testWindow() {
  const frames = new Map<number, FrameRequestCallback>();
  const timers = new Map<number, { at: number; run: () => void }>();
  let next = 1;
  const state = { now: 1000 };
  const window = {
    requestAnimationFrame(callback: FrameRequestCallback) {
      frames.set(next, callback);
      return next++;
    },
    cancelAnimationFrame: (id: number) => void frames.delete(id),
    setTimeout(run: () => void, milliseconds: number) {
      timers.set(next, { at: state.now + milliseconds, run });
      return next++;
    },
    clearTimeout: (id: number) => void timers.delete(id),
  };
  return {
    window: window as unknown as Window,
    state,
    frame() {
      for (const [id, callback] of [...frames]) {
        frames.delete(id);
        callback(state.now);
      }
    },
    advance(milliseconds: number) {
      state.now += milliseconds;
      for (const [id, timer] of [...timers]) {
        if (timer.at > state.now) continue;
        timers.delete(id);
        timer.run();
      }
    },
  };
}

test('an echo is drawn in the next frame', () => {
  const { window, state, frame } = testWindow();
  const rate = limitDrawRate(window, () => state.now, { afterFrame });
  let drawn = 0;
  for (let n = 0; n < 5; n++) {
    rate.received(20);
    window.requestAnimationFrame(() => drawn++);
    frame();
    state.now += 16;
  }
  expect(drawn).toBe(5);
});

test('a flood is drawn at most every 100 ms, and its last frame is drawn', () => {
  const { window, state, frame, advance } = testWindow();
  const rate = limitDrawRate(window, () => state.now, { afterFrame });
  let drawn = 0;
  for (let n = 0; n < 60; n++) {
    rate.received(300_000);
    window.requestAnimationFrame(() => drawn++);
    frame();
    advance(16);
  }
  advance(200);
  frame();
  expect(drawn).toBe(60);
  const moments = new Set<number>();
  for (let n = 0; n < 60; n++) {
    rate.received(300_000);
    window.requestAnimationFrame(() => moments.add(state.now));
    frame();
    advance(16);
  }
  // 960 ms.
  expect(moments.size).toBeGreaterThan(5);
  expect(moments.size).toBeLessThan(12);
});

test('a request that waits can be cancelled', () => {
  const { window, state, frame, advance } = testWindow();
  const rate = limitDrawRate(window, () => state.now, { afterFrame });
  let drawn = 0;
  rate.received(1_000_000);
  window.requestAnimationFrame(() => drawn++);
  frame();
  window.cancelAnimationFrame(window.requestAnimationFrame(() => drawn++));
  advance(200);
  frame();
  expect(drawn).toBe(1);
});

test('after a key every frame is drawn: the prompt that follows Ctrl-C is waited for', () => {
  const { window, state, frame, advance } = testWindow();
  const rate = limitDrawRate(window, () => state.now, { afterFrame });
  rate.received(1_000_000);
  window.requestAnimationFrame(() => {});
  frame();
  let waited = false;
  window.requestAnimationFrame(() => {
    waited = true;
  });
  rate.typed();
  frame();
  expect(waited).toBe(true);
  let drawn = 0;
  for (let n = 0; n < 5; n++) {
    rate.received(300_000);
    window.requestAnimationFrame(() => drawn++);
    advance(16);
    frame();
  }
  expect(drawn).toBe(5);
});

test('a window whose frames are dear draws fewer of them in a flood, and three a second all the same', () => {
  const { window, state, frame, advance } = testWindow();
  const rate = limitDrawRate(window, () => state.now, { afterFrame });
  const flood = (milliseconds: number) => {
    let drawn = 0;
    let asked = false;
    for (const until = state.now + milliseconds; state.now < until; ) {
      rate.received(300_000);
      if (!asked) {
        asked = true;
        window.requestAnimationFrame(() => {
          asked = false;
          drawn++;
          // What the browser makes of it takes its time too.
          state.now += 25;
        });
      }
      frame();
      painted?.();
      painted = undefined;
      advance(10);
    }
    return drawn;
  };
  flood(1000);
  const dear = flood(3000);
  expect(dear).toBeLessThan(14);
  expect(dear).toBeGreaterThanOrEqual(9);
});

test('after a key the pane that is typed into is drawn at once, and floods beside it when nobody types any more', () => {
  const { window, state, frame, advance } = testWindow();
  let background = true;
  const rate = limitDrawRate(window, () => state.now, { afterFrame, inBackground: () => background });
  rate.received(1_000_000);
  window.requestAnimationFrame(() => {});
  frame();
  let flooded = 0;
  let echoed = 0;
  window.requestAnimationFrame(() => flooded++);
  rate.typed();
  background = false;
  window.requestAnimationFrame(() => echoed++);
  frame();
  expect([flooded, echoed]).toEqual([0, 1]);
  for (let n = 0; n < 15; n++) advance(30);
  frame();
  expect(flooded).toBe(1);
});

test('what waits, whoever asked for it and when, is one frame', () => {
  const { window, state, frame, advance } = testWindow();
  const rate = limitDrawRate(window, () => state.now, { afterFrame });
  const drawn: string[] = [];
  const flood = () => rate.received(100_000);
  flood();
  window.requestAnimationFrame(() => drawn.push('first'));
  frame();
  for (const name of ['a', 'b', 'c']) {
    advance(10);
    flood();
    window.requestAnimationFrame(() => drawn.push(name));
  }
  const gone = window.requestAnimationFrame(() => drawn.push('gone'));
  window.cancelAnimationFrame(gone);
  frame();
  expect(drawn).toEqual(['first']);
  advance(70);
  const late = window.requestAnimationFrame(() => drawn.push('late'));
  frame();
  expect(drawn).toEqual(['first', 'a', 'b', 'c', 'late']);
  window.cancelAnimationFrame(late);
});

test('while an echo is on its way other terminals wait, and not for ever', () => {
  const { window, state, frame, advance } = testWindow();
  let background = true;
  const rate = limitDrawRate(window, () => state.now, { afterFrame, inBackground: () => background });
  const drawn: string[] = [];
  rate.typed();
  window.requestAnimationFrame(() => drawn.push('other'));
  frame();
  background = false;
  window.requestAnimationFrame(() => drawn.push('echo'));
  advance(16);
  frame();
  expect(drawn).toEqual(['echo']);
  advance(50);
  frame();
  expect(drawn).toEqual(['echo', 'other']);
  // A key that is held down.
  background = true;
  window.requestAnimationFrame(() => drawn.push('again'));
  frame();
  window.requestAnimationFrame(() => drawn.push('held'));
  for (let n = 0; n < 18 && !drawn.includes('held'); n++) {
    rate.typed();
    advance(30);
    frame();
  }
  expect(drawn).toEqual(['echo', 'other', 'again', 'held']);
});

test('floods beside a pane that is typed into are drawn four times a second, whatever is echoed', () => {
  const { window, state, frame, advance } = testWindow();
  let background = true;
  const rate = limitDrawRate(window, () => state.now, { afterFrame, inBackground: () => background });
  let flooded = 0;
  let echoed = 0;
  let waits = false;
  for (let n = 0; n < 300; n++) {
    rate.received(300_000);
    if (n % 15 === 0) rate.typed();
    background = n % 15 !== 1;
    if (!background) window.requestAnimationFrame(() => echoed++);
    else if (!waits) {
      waits = true;
      window.requestAnimationFrame(() => {
        waits = false;
        flooded++;
      });
    }
    frame();
    advance(10);
  }
  expect(echoed).toBe(20);
  // 3 s.
  expect(flooded).toBeGreaterThanOrEqual(8);
  expect(flooded).toBeLessThanOrEqual(12);
});

test('what a person types into and floods is drawn ten times a second, and at once when it has caught up', () => {
  const { window, state, frame, advance } = testWindow();
  const rate = limitDrawRate(window, () => state.now, { afterFrame });
  const moments: number[] = [];
  const draws = () => window.requestAnimationFrame(() => moments.push(state.now));
  rate.typed();
  for (let n = 0; n < 30; n++) {
    rate.received(100_000, true);
    rate.parsed(false, true);
    draws();
    advance(10);
    frame();
  }
  expect(new Set(moments).size).toBeLessThan(7);
  // The prompt.
  rate.received(20, true);
  draws();
  const before = moments.length;
  rate.parsed(true, true);
  frame();
  expect(moments.length).toBeGreaterThan(before);
});

test('the end of a flood does not wait for the turn of its frame', () => {
  const { window, state, frame, advance } = testWindow();
  const rate = limitDrawRate(window, () => state.now, { afterFrame });
  let drawn = 0;
  const draws = () => window.requestAnimationFrame(() => drawn++);
  rate.received(1_000_000);
  draws();
  frame();
  rate.received(1_000_000);
  draws();
  for (let n = 0; n < 4; n++) {
    advance(20);
    rate.parsed(false);
    frame();
  }
  expect(drawn).toBe(1);
  rate.received(300_000);
  draws();
  advance(25);
  frame();
  expect(drawn).toBe(3);
  rate.received(300_000);
  draws();
  advance(29);
  frame();
  expect(drawn).toBe(3);
  advance(1);
  frame();
  expect(drawn).toBe(4);
});
