/** Christmas carols. */
export const CAROLS = `
T: Silent Night
C: Franz Xaver Gruber (1787-1863)
M: 6/8
L: 1/8
Q: 84
K: Bb
"Bb"F3/2 G/2 F D3 | F3/2 G/2 F D3 | "F7"c2 c A3 | "Bb"B2 B F3 | "Eb"G2 G B3/2 A/2 G | "Bb"F3/2 G/2 F D3 |
"Eb"G2 G B3/2 A/2 G | "Bb"F3/2 G/2 F D3 | "F7"c2 c e3/2 c/2 A | "Bb"B3 d3 | B3/2 F/2 D "F7"F3/2 E/2 C | "Bb"B,6 |

T: Joy to the World
C: Lowell Mason (1792-1872), after Handel
M: 2/4
L: 1/8
Q: 96
K: D
"D"d2 c3/2 B/2 | A3 G | F2 "A"E2 | "D"D3 A | "G"B3 B | "A"c3 c | "D"d3 d | d c B A |
A3/2 G/2 F d | d c B A | A3/2 G/2 F F | F F F F/ G/ | "D"A3 G/ F/ | "A7"E E E E/ F/ | G3 F/ E/ |
"D"D d2 B | A3/2 G/2 F "G"G | "D"F2 "A7"E2 | "D"D4 |

T: Deck the Halls
C: Traditional (Wales, 16th century)
M: 4/4
L: 1/8
Q: 144
K: F
P: AABA
P:A
"F"c3 B A2 G2 | F2 G2 A2 F2 | "C7"G A B G "F"A3 G | "F"F2 "C7"E2 "F"F4 |
P:B
"C7"G3 A B2 G2 | "F"A3 B "C"c2 G2 | "F"A =B c2 "G7"d e f2 | "C"e2 "G7"d2 "C"c4 |

T: Good King Wenceslas
C: Piae Cantiones (1582)
M: 4/4
L: 1/4
Q: 120
K: G
"G"G G G A | G G D2 | "C"E D "D"E F | "G"G2 G2 | G G G A | G G D2 | "C"E D "D"E F | "G"G2 G2 |
"G"d c B A | B A G2 | "C"E D "D"E F | "G"G2 G2 | D D "C"E F | "G"G G "D"A2 | "G"d c "Em"B A | "C"G2 c2 | "G"G4 |

T: God Rest You Merry, Gentlemen
C: Traditional (England)
M: 4/4
L: 1/4
Q: 144
K: Em
E | "Em"E B B A | G F E D | E F "Am"G A | "B7"B3 E | "Em"E B B A | G F E D | E F "Am"G A | "B7"B3 B |
"Am"c A B c | "D7"d e B A | "G"G E F G | "D"A2 "Em"G A | "G"B2 "Am"c B | "B7"B A "Em"G F | E2 "C"G/ F/ E | "D"A2 "C"G A | "G"B c "D"d e | "Bm"B A "D"G F | "Em"E3 |

T: We Three Kings
C: John Henry Hopkins (1820-1891)
M: 3/8
L: 1/8
Q: 78
K: Em
P: AB
P:A
"Em"B2 A | G2 E | "B7"F G F | "Em"E3 | B2 A | G2 E | "B7"F G F | "Em"E3 |
"G"G2 G | "D"A2 A | "G"B2 B | "G"d c B | "Am"A B A | "Em"G2 F | E3 | "D"F2 A |
P:B
"G"G2 G | D2 G | "C"E2 G | "G"G3 | G2 G | D2 G | "C"E2 G | "G"G3 |
G2 A | B2 c | "D"d2 c | "Em"B2 A | "G"G2 G | D2 G | "C"E2 G | "G"G3 |

T: Jingle Bells
C: James Lord Pierpont (1822-1893)
M: 4/4
L: 1/8
Q: 184
K: G
P: AB
P:A
"G"D2 B2 A2 G2 | D6 D D | D2 B2 A2 G2 | "C"E8 | E2 c2 B2 A2 | "D7"F8 | d2 d2 c2 A2 | "G"B8 |
"G"D2 B2 A2 G2 | D8 | D2 B2 A2 G2 | "C"E6 E2 | E2 c2 B2 A2 | "D7"d2 d2 d2 d2 | e2 d2 c2 A2 | "G"G4 "D7"d4 |
P:B
"G"B2 B2 B4 | B2 B2 B4 | B2 d2 G3 A | B8 | "C"c2 c2 c3 c | "G"c2 B2 B2 B B | "A7"B2 A2 A2 B2 | "D7"A4 d4 |
"G"B2 B2 B4 | B2 B2 B4 | B2 d2 G3 A | B8 | "C"c2 c2 c3 c | "G"c2 B2 B2 B B | "D7"d2 d2 c2 A2 | "G"G8 |

T: Adeste Fideles
C: John Francis Wade (1711-1786)
M: 4/4
L: 1/4
Q: 100
K: G
G | "G"G2 D G | "D"A2 D2 | "G"B A "Em"B c | "G"B2 "D"A G | "G"G2 "D"F E | "D"F G "A"A B | "D"F2 "A7"E3/2 D/2 | "D"D3 z |
"G"d2 "D"c B | "C"c2 "G"B2 | "D"A B "Em"G A | "D"F3/2 E/2 D G | "G"G F G A | G2 D B | B A B c | B2 "D"A B |
"C"c B A G | "D"F2 "C"G c | "G"B2 "D7"A3/2 G/2 | "G"G3

T: The First Nowell
C: Traditional (England)
M: 3/4
L: 1/8
Q: 104
K: D
P: AAB
P:A
F E | "D"D3 E F G | A4 B c | "G"d2 c2 B2 | "D"A4 B c | "G"d2 c2 B2 | "A"A2 B2 c2 | "Bm"d2 "A"A2 "G"G2 | "D"F4
P:B
F E | "D"D3 E F G | A4 d c | "G"B4 B2 | "D"A6 | d2 c2 "G"B2 | "A"A2 B2 c2 | "Bm"d2 "A"A2 "G"G2 | "D"F4 |

T: We Wish You a Merry Christmas
C: Traditional (England)
M: 3/4
L: 1/4
Q: 168
K: G
P: ABA
P:A
D | "G"G G/ A/ G/ F/ | "C"E C E | "A"A A/ B/ A/ G/ | "D"F D F | "B7"B B/ c/ B/ A/ | "Em"G E D/ D/ | "C"E A "D7"F | "G"G2
P:B
D | "G"G G G | "D"F2 F | "C"G F E | "D"D2 A | "B7"B A G | "D"d D D/ D/ | "C"E A "D7"F | "G"G2

T: O Tannenbaum
C: Traditional (Germany)
M: 3/4
L: 1/4
Q: 96
K: F
P: AABA
P:A
C | "F"F3/4 F/4 F G | A3/4 A/4 A3/2 A/ | "C7"G/ A/ B E | G "F"F
P:B
z/ c/ | "F"c/ A/ "Bb"d3/2 c/ | "C7"c/ B/ B3/2 B/ | B/ G/ c3/2 B/ | "F"B/ A/ A

T: Hark! The Herald Angels Sing
C: Felix Mendelssohn (1809-1847)
M: 4/4
L: 1/4
Q: 108
K: F
"F"C F F3/2 E/ | F A "C"A G | "F"c c "Bb"c3/2 B/ | "F"A "C"G "F"A2 | C F F3/2 E/ | F A A G | "C"c G "G7"G3/2 E/ | "C"E "G7"D "C"C2 |
"F"c c c F | "C"B "F"A "C"A G | "F"c c c F | "C"B "F"A "C"A G | "Bb"d d d c | "Gm"B A B2 | "C7"G A/ B/ "F"c3/2 F/ | "F"F "C"G "F"A2 |
"Bb"d3/2 d/ d c | "Gm"B A B2 | "C7"G A/ B/ "F"c3/2 F/ | "F"F "C7"G "F"F2 |
`;
