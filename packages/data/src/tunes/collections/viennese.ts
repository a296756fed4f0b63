/** Themes of Haydn, Mozart, Beethoven and Schubert. */
export const VIENNESE = `
T: Surprise Symphony, Andante
C: Joseph Haydn (1732-1809), Symphony 94
M: 2/4
L: 1/8
Q: 84
K: C
P: AA
P:A
"C"C C E E | G G E2 | "G7"F F D D | B, B, G,2 | "C"C C E E | G G E2 | "D7"c c ^F F | "G"G2 z2 |

T: Emperor's Hymn
C: Joseph Haydn (1732-1809)
M: 4/4
L: 1/8
Q: 88
K: G
P: AABCC
P:A
"G"G3 A "D"B2 A2 | "Am"c2 "G"B2 "D"A F "G"G2 | "C"e2 "G"d2 "Am"c2 "G"B2 | "D"A2 "G"B G "D"d4 |
P:B
"D"A2 "G"B2 "D"A F D2 | "Am"c2 "G"B2 "D"A F D2 | "G"d2 "Am"c2 "G"B3 B | "A7"^c2 c d "D"d4 |
P:C
"G"g3 f "C"f e "G"d2 | "C"e3 d "G"d c "G"B2 | "D"A B/ c/ "G"d e "C"c A "G"G2 | "G"B A "D"G F "G"G4 |

T: Eine kleine Nachtmusik
C: Wolfgang Amadeus Mozart (1756-1791), K. 525
M: 4/4
L: 1/8
Q: 138
K: G
"G"G2 z D G2 z D | G D G B d2 z2 | "D7"c2 z A c2 z A | c A F A D2 z2 |
"G"G z G3 B A G | "D7"G F F3 A c F | "G"A G G3 B A G | "D7"G F F3 A c F |
"G"G2 z D G2 z D | G D G B d2 z2 | "D7"c2 z A c2 z A | c A F A "G"G2 z2 |

T: Sonata facile
C: Wolfgang Amadeus Mozart (1756-1791), K. 545
M: 4/4
L: 1/8
Q: 132
K: C
P: ABA
P:A
"C"c4 e2 g2 | "G7"B3 c/ d/ "C"c4 | "F"a4 "C"g2 c2 | "G7"g2 f/ e/ f "C"e4 |
P:B
"F"A B/ c/ d/ e/ f/ g/ a/ g/ f/ e/ d/ c/ B/ A/ | "C"G A/ B/ c/ d/ e/ f/ g/ f/ e/ d/ c/ B/ A/ G/ |
"Dm"F G/ A/ B/ c/ d/ e/ f/ e/ d/ c/ B/ A/ G/ F/ | "C"E F/ G/ A/ B/ c/ d/ e/ d/ c/ B/ A/ G/ F/ E/ |

T: Symphony 40, Molto allegro
C: Wolfgang Amadeus Mozart (1756-1791), K. 550; here in F minor
M: 4/4
L: 1/8
Q: 200
K: Fm
d c | "Fm"c2 d c c2 d c | c2 a2 z2 a g | f2 f e "Bbm"d2 d c | B2 B2 z2 c B |
"C7"B2 c B B2 c B | B2 g2 z2 g f | =e2 e d "Fm"c2 c B | A2 A2 z2 a g |
"C7"g2 b2 =e2 g2 | "Fm"f2 c2 z2 a g | "C7"g2 b2 =e2 g2 | "Fm"f2 a2 "Bbm"g2 f2 | "Bbm"f2 d2 "G7"=B2 =d2 | "C"c4 z2

T: Papageno's Song
C: Wolfgang Amadeus Mozart (1756-1791), The Magic Flute
M: 2/4
L: 1/8
Q: 96
K: G
D | "G"G G A A | B/ A/ G z B/ c/ | d d "C"e/ d/ c/ B/ | "D"B A z A | "D"A/ G/ F/ G/ A A | "G"B/ A/ G/ A/ B B | "A7"A/ G/ F/ E/ "D"D "A7"^C | "D"D2 z D |
"D"F F/ G/ A A | "G"G G/ A/ B B | "D"A/ B/ c/ A/ F/ G/ A/ F/ | "G"G2 z D | "G"G G "D"A A | "G"B/ c/ d "C"e c | "G"B/ d/ G "D7"B A | "G"G2 z

T: Ode to Joy
C: Ludwig van Beethoven (1770-1827), Symphony 9
M: 4/4
L: 1/4
Q: 132
K: D
P: ABCBCB
P:A
"D"F F G A | "A"A G F E | "D"D D E F | "D"F3/2 E/ "A"E2 | "D"F F G A | "A"A G F E | "D"D D E F | "A"E3/2 D/ "D"D2 |
P:B
"D"F F G A | "A"A G F E | "D"D D E F | "A"E3/2 D/ "D"D2 |
P:C
"A"E E "D"F D | "A"E F/ G/ "D"F D | "A"E F/ G/ "B7"F ^D | "Em"E "A"A, A,2 |

T: Für Elise
C: Ludwig van Beethoven (1770-1827)
M: 3/8
L: 1/16
Q: 72
K: Am
P: AABA
P:A
e ^d | e ^d e B =d c | "Am"A2 z C E A | "E"B2 z E ^G B | "Am"c2 z E e ^d | e ^d e B =d c | "Am"A2 z C E A | "E"B2 z E c B | "Am"A2 z2
P:B
c d | "C"e3 G f e | "G"d3 F e d | "Am"c3 E d c | "E"B2 z E e z | z e e z z ^d | e z z ^d e ^d | e z z ^d

T: Minuet in G, WoO 10
C: Ludwig van Beethoven (1770-1827)
M: 3/4
L: 1/8
Q: 104
K: G
P: AABB
P:A
B3/2 c/ | "G"d2 d2 c3/2 B/ | "C"c2 c2 B3/2 A/ | "G"B2 "D7"A2 G3/2 F/ | "G"B2 "Am"A2 A3/2 B/ | "D7"c2 c2 B3/2 A/ | "G"d2 d2 ^c3/2 d/ | "A7"e2 d2 ^c2 | "D"d4
P:B
A3/2 A/ | "D7"A2 c2 B3/2 A/ | "G"B2 d2 B3/2 B/ | "D7"A2 c2 B3/2 A/ | "G"B4 B3/2 c/ | "G"d2 d2 c3/2 B/ | "C"c2 c2 B3/2 A/ | "D7"G2 F2 A3/2 F/ | "G"G4

T: The Trout
C: Franz Schubert (1797-1828)
M: 2/4
L: 1/8
Q: 84
K: C
P: AAB
P:A
G | "C"c c e e | c2 G G | "G7"G3/2 G/ d/ c/ B/ A/ | "C"G2 z G | c c e e | c2 G c | "G"B A/ B/ "D7"c ^F | "G"G2 z
P:B
G | "G7"B B d3/2 B/ | "C"c G z c | "G7"B B d3/2 B/ | "C"c2 z c | "F"A3/2 A/ A c/ A/ | "C"G c e c | "G7"d3/2 c/ B A/ B/ | "C"c2 z |
`;
