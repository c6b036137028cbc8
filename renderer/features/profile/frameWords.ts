import { plural } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { changeWords } from '../../../shared/profiling/changeWords.ts';
import { differs, type FlameTree } from '../../../shared/profiling/flameTree.ts';

/** `parse (html.js:12): 71.2 % of the samples (1,424 of 2,000), 60.1 % itself`, and against what it is compared with. */
export function frameWords(tree: FlameTree, index: number, sides: [string, string | undefined]): string {
  const node = tree.nodes[index];
  if (!node) return '';
  const name = visibleText(node.name, 300);
  const count = Math.round(node.total * tree.samples).toLocaleString('en-GB');
  const of = tree.samples.toLocaleString('en-GB');
  const own = `${percent(node.total)} (${count} of ${of} ${plural(tree.samples, 'sample')}), ${percent(node.self)} itself`;
  if (!tree.compared) return `${name}: ${own}`;
  const change = changeWords(node.total - node.otherTotal);
  const chance = differs(node.total, node.otherTotal, tree) ? '' : ', no more than chance';
  return `${name}: ${change}${chance}: ${percent(node.total)} on ${sides[0]}, ${percent(node.otherTotal)} on ${sides[1] ?? 'the other'}; itself ${percent(node.self)} and ${percent(node.otherSelf)}`;
}

export const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
