/** Songs of children. */
export const NURSERY = `
T: London Bridge
C: Traditional (England)
M: 4/4
L: 1/4
Q: 126
K: G
"G"d3/2 e/ d c | B c d2 | "D7"A B c2 | "G"B c d2 | d3/2 e/ d c | B c d2 | "D7"A2 d2 | "G"B G G2 |

T: Row, Row, Row Your Boat
C: Traditional (United States)
M: 6/8
L: 1/8
Q: 150
K: C
"C"C3 C3 | C2 D E3 | E2 D E2 F | G6 | c c c G G G | E E E C C C | "G7"G2 F E2 D | "C"C6 |

T: Pop Goes the Weasel
C: Traditional (England)
M: 6/8
L: 1/8
Q: 180
K: G
P: AB
P:A
D | "G"G2 G "D7"A2 A | "G"B d B G2 D | G2 G "D7"A2 A | "G"B3 G2 D | G2 G "D7"A2 A | "G"B d B G2 z | "Am"e3 "D7"A2 c | "G"B3 G2
P:B
d | "C"g2 g e2 g | "D"f a f d2 d | "C"g2 g e2 g | "D"f3 d2 B | "C"c2 B c2 d | e2 f g3 | "Am"e3 "D7"A2 c | "G"B3 G2 |

T: Three Blind Mice
C: Traditional (England, 1609)
M: 6/8
L: 1/8
Q: 168
K: C
"C"E3 "G"D3 | "C"C6 | E3 "G"D3 | "C"C6 | G3 "G7"F2 F | "C"E6 | G3 "G7"F2 F | "C"E3- E2 G |
"C"c2 c "G"B A B | "C"c2 G G2 G | c c c "G"B A B | "C"c G G G2 G | c2 c "G"B A B | "C"c G G G2 F | E3 "G"D3 | "C"C6 |

T: Mary Had a Little Lamb
C: Lowell Mason (1792-1872)
M: 4/4
L: 1/4
Q: 132
K: C
"C"E3/2 D/ C D | E E E2 | "G7"D D D2 | "C"E G G2 | E3/2 D/ C D | E E E E | "G7"D D E D | "C"C4 |

T: Hänschen klein
C: Traditional (Germany)
M: 4/4
L: 1/4
Q: 126
K: C
"C"G E E2 | "G7"F D D2 | "C"C D E F | G G G2 | G E E2 | "G7"F D D2 | "C"C E G G | C4 |
"G7"D D D D | D E F2 | "C"E E E E | E F G2 | G E E2 | "G7"F D D2 | "C"C E G G | C4 |

T: Alle meine Entchen
C: Traditional (Germany)
M: 4/4
L: 1/4
Q: 126
K: D
"D"D E F G | A2 A2 | "G"B B B B | "D"A4 | "G"B B B B | "D"A4 | "A7"G G G G | "D"F2 F2 | "A7"E E E E | "D"D4 |
`;
