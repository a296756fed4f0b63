/** Roles that a track's name can claim whatever its notes are like. */
export type ClaimedRole = 'melody' | 'bass';

/** What a name says: `names` the role, `hints` at it with a word that is also said of other parts, or nothing. */
export type Claim = 'names' | 'hints' | 'none';

/** The words of one kind: whole ones, in lower case and without accents, and those of scripts that do not set words apart. */
interface Words {
  readonly whole: ReadonlySet<string>;
  readonly within: RegExp;
}

const wordsOf = (whole: string, within: RegExp): Words => ({ whole: new Set(whole.trim().split(/\s+/)), within });

/** In English, German, French, Italian, Spanish, Portuguese, Dutch, Polish, Russian, Japanese and Chinese. */
const MELODY = wordsOf(
  'melody melodies melo melodie melodien hauptmelodie melodia melodias melodi мелодия мелодии',
  /メロ|旋律/,
);
const VOICE = wordsOf(
  `vocal vocals vocalist voc vocs vox voice voices singer singers singing leadvocal leadvocals leadvox
  gesang stimme singstimme oberstimme sanger sangerin chant chanteur chanteuse voix voce canto cantante
  voz cantor cantora zang zangstem zanger zangeres wokal spiew głos вокал голос`,
  /歌|うた|[ボヴ]ォ?ーカル|人声|人聲|主唱|演唱/,
);
const LEAD = wordsOf(
  'lead leads solo solos soli solist soloist solista soliste tune theme thema tema temat тема соло солист',
  /リード|ソロ|テーマ|主題|主题|主奏/,
);
const BASS = wordsOf(
  'bass basse basso baixo bajo bas baß bassline bassgitarre basgitara basgitaar бас',
  /ベース|贝斯|貝斯/,
);

/** With these a name means another part than its other words say: "counter melody", "bass voice", "backing vocals", "2nd voice". */
const NOT_MELODY = wordsOf(
  `bass basse basso baixo bajo bas baß бас counter countermelody contra contracanto gegen gegenstimme second secondary nd rd
  harmony harmonies harmonie harmonia harm accomp accompaniment begleitung backing back backup background bg bgv echo delay
  chord chords arp arpeggio rhythm drum drums percussion perc tom toms kit`,
  /伴奏|コーラス|ハモ|副旋律|対旋律|和声|オブリ|裏メロ|バック|メロトロン|メロタム|ドラム|合唱/,
);
/** Voices that are an instrument: "Voice Oohs", "Synth Voice", "Solo Vox". */
const NOT_VOICE = wordsOf(
  'choir choirs chorus chor coro choeur хор ooh oohs aah aahs ahs pad pads string strings synth syn synvox solo',
  /シンセ|\blead \d \(/i,
);
/** Leads that are a sound, and what leads in: "Lead 1 (square)", "Solo Piano". */
const NOT_LEAD = wordsOf(
  'square saw sawtooth calliope chiff charang fifths voice vox pad pads choir strings piano in',
  /ピアノ|シンセ|\blead \d \(/i,
);
/** "Bass drum", "bass clarinet", "bass voice". */
const NOT_BASS = wordsOf(
  'drum drums kick clarinet trombone sax saxophone flute voice voices vocal vocals singer solo lead',
  /ドラム/,
);

/** What a track's name claims for a role. */
export function claimOf(name: string, role: ClaimedRole): Claim {
  const text = name.normalize('NFKC');
  const words = lettersOf(text);
  const has = ({ whole, within }: Words) => words.some((word) => whole.has(word)) || within.test(text);
  if (role === 'bass') return has(BASS) && !has(NOT_BASS) ? 'names' : 'none';
  if (has(NOT_MELODY)) return 'none';
  if (has(MELODY) || (has(VOICE) && !has(NOT_VOICE))) return 'names';
  return has(LEAD) && !has(NOT_LEAD) ? 'hints' : 'none';
}

/** Runs of letters, without case and accents; "LeadVox2" is lead and vox. */
function lettersOf(text: string): string[] {
  return text
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .split(/[^\p{L}]+/u);
}
