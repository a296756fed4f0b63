/**
 * @typedef {object} Import one `import`, `export ... from` or `import()` of a source file
 * @property {string} specifier
 * @property {boolean} typeOnly erased by the compiler, so absent when the program runs
 * @property {number} line from 1
 */

/**
 * @typedef {object} Token
 * @property {'word' | 'string' | 'mark'} kind
 * @property {string} text for strings what stands between the quotes
 * @property {number} line
 */

const blank = /\s+|\/\/.*|\/\*[\s\S]*?\*\//y;
const word = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy;
const number = /\d[\w.]*/y;
const string = /'((?:\\[\s\S]|[^'\\])*)'|"((?:\\[\s\S]|[^"\\])*)"/y;
const regularExpression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/\w*/y;
/** Text of a template literal up to its end or to the next `${`. */
const templateText = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/y;
/** After these words a slash begins a regular expression; after any other word it divides. */
const beforeExpression = /^(?:return|typeof|case|in|of|delete|void|throw|new|else|do|yield|await)$/;

/**
 * All imports of a TypeScript or JavaScript source, found by reading its tokens, so that comments, strings and WGSL in template
 * literals are not taken for imports.
 *
 * @param {string} source
 * @returns {Import[]}
 */
export function importsOf(source) {
  const tokens = tokenize(source);
  /** @type {Import[]} */
  const imports = [];
  tokens.forEach((token, index) => {
    if (token.kind !== 'word' || tokens[index - 1]?.text === '.') return;
    if (token.text !== 'import' && token.text !== 'export') return;
    const found = token.text === 'import' ? afterImport(tokens, index + 1) : afterExport(tokens, index + 1);
    if (found) imports.push({ ...found, line: token.line });
  });
  return imports;
}

/**
 * @param {readonly Token[]} tokens
 * @param {number} index of the token after `import`
 */
function afterImport(tokens, index) {
  const next = tokens[index];
  if (next?.kind === 'string') return { specifier: next.text, typeOnly: false };
  if (next?.text === '(') return stringAt(tokens, index + 1, false);
  if (next?.text === '{' || next?.text === '*' || next?.kind === 'word') {
    const from = tokens.findIndex(
      (token, at) => at >= index && token.text === 'from' && tokens[at + 1]?.kind === 'string',
    );
    const typeOnly = next.text === 'type' && !/^(?:from|,)$/.test(tokens[index + 1]?.text ?? '');
    return from < 0 ? undefined : stringAt(tokens, from + 1, typeOnly);
  }
  return undefined;
}

/**
 * @param {readonly Token[]} tokens
 * @param {number} index of the token after `export`
 */
function afterExport(tokens, index) {
  const typeOnly = tokens[index]?.text === 'type' && /^[{*]$/.test(tokens[index + 1]?.text ?? '');
  let at = typeOnly ? index + 1 : index;
  if (tokens[at]?.text === '{') at = tokens.findIndex((token, position) => position > at && token.text === '}') + 1;
  else if (tokens[at]?.text === '*') at += tokens[at + 1]?.text === 'as' ? 3 : 1;
  else return undefined;
  return tokens[at]?.text === 'from' ? stringAt(tokens, at + 1, typeOnly) : undefined;
}

/**
 * @param {readonly Token[]} tokens
 * @param {number} index
 * @param {boolean} typeOnly
 */
function stringAt(tokens, index, typeOnly) {
  const token = tokens[index];
  return token?.kind === 'string' ? { specifier: token.text, typeOnly } : undefined;
}

/**
 * @param {string} source
 * @returns {Token[]}
 */
function tokenize(source) {
  /** @type {Token[]} */
  const tokens = [];
  /** For each open brace whether it is the `${` of a template literal. @type {boolean[]} */
  const braces = [];
  let position = 0;
  let line = 1;

  /** @param {RegExp} pattern */
  const take = (pattern) => {
    pattern.lastIndex = position;
    const match = pattern.exec(source);
    if (match) {
      position += match[0].length;
      line += match[0].split('\n').length - 1;
    }
    return match;
  };
  /**
   * @param {Token['kind']} kind
   * @param {string} text
   */
  const push = (kind, text) => tokens.push({ kind, text, line });
  const takeTemplate = () => {
    if (take(templateText)?.[0].endsWith('${')) braces.push(true);
    else push('mark', '`');
  };

  while (position < source.length) {
    if (take(blank)) continue;
    const wordMatch = take(word);
    if (wordMatch) {
      push('word', wordMatch[0]);
      continue;
    }
    if (take(number)) {
      push('mark', '0');
      continue;
    }
    const stringMatch = take(string);
    if (stringMatch) {
      push('string', stringMatch[1] ?? stringMatch[2] ?? '');
      continue;
    }
    const mark = source[position];
    if (mark === '/' && expressionFollows(tokens.at(-1)) && take(regularExpression)) {
      push('mark', '0');
      continue;
    }
    position++;
    if (mark === '`') takeTemplate();
    else if (mark === '}' && braces.pop()) takeTemplate();
    else {
      if (mark === '{') braces.push(false);
      push('mark', mark);
    }
  }
  return tokens;
}

/** @param {Token | undefined} previous */
function expressionFollows(previous) {
  if (!previous) return true;
  if (previous.kind === 'word') return beforeExpression.test(previous.text);
  return previous.kind === 'mark' && !/^[)\]}`0]$/.test(previous.text);
}
