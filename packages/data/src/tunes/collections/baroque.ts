/** Themes from the Renaissance to the Baroque. */
export const BAROQUE = `
T: Minuet in G
C: Christian Petzold (1677-1733)
M: 3/4
L: 1/8
Q: 120
K: G
P: AB
P:A
"G"d2 G A B c | d2 G2 G2 | "C"e2 c d e f | "G"g2 G2 G2 | "C"c2 d c B A | "G"B2 c B A G | "D"F2 G A B G | A6 |
"G"d2 G A B c | d2 G2 G2 | "C"e2 c d e f | "G"g2 G2 G2 | "C"c2 d c B A | "G"B2 c B A G | "D"A2 B A G F | "G"G6 |
P:B
"G"b2 g a b g | "D"a2 d e f d | "Em"g2 e f g d | "A"^c2 B c A2 | "A"A B ^c d e f | "Em"g2 f2 e2 | "D"f2 "A"A2 ^c2 | "D"d6 |
"G"d2 G F G2 | "C"e2 G F G2 | "G"d2 "Am"c2 "G"B2 | "D"A G F G A2 | "D"D E F G A B | "Am"c2 "G"B2 "D"A2 | "G"B d G2 "D"F2 | "G"G6 |

T: Canon in D
C: Johann Pachelbel (1653-1706)
M: 4/4
L: 1/8
Q: 112
K: D
"D"f4 "A"e4 | "Bm"d4 "F#m"c4 | "G"B4 "D"A4 | "G"B4 "A"c4 | "D"d4 "A"c4 | "Bm"B4 "F#m"A4 | "G"G4 "D"F4 | "G"G4 "A"E4 |
"D"D2 F2 "A"A2 G2 | "Bm"F2 D2 "F#m"F2 E2 | "G"D2 B,2 "D"D2 A2 | "G"G2 B2 "A"A2 G2 |
"D"F2 D2 "A"E2 c2 | "Bm"d2 f2 "F#m"a2 A2 | "G"B2 G2 "D"A2 F2 | "G"D2 d2 "A"d3 c |
"D"d c d D "A"C A E F | "Bm"D d c B "F#m"c f a b | "G"g f e g "D"f e d c | "G"B A G F "A"E G F E |
"D"D E F G "A"A E A G | "Bm"F B A G "F#m"A G F E | "G"D B, B c "D"d c B A | "G"G F E B "A"A B A G | "D"F8 |

T: Jesu, Joy of Man's Desiring
C: Johann Sebastian Bach (1685-1750)
M: 9/8
L: 1/8
Q: 126
K: G
"G"z G A B d c c e d | d g f "Em"g d B "G"G A B | "C"c d e "G"d c B "Em"A B G | "D"F G A D F A c B A |
"G"B G A B d c c e d | d g f "Em"g d B "G"G A B | "Am"E d c "G"B A G "D"D G F | "G"G6 z3 |

T: Spring
C: Antonio Vivaldi (1678-1741), first of the Four Seasons
M: 4/4
L: 1/8
Q: 108
K: D
P: AABB
P:A
d2 | "D"f2 f2 f2 e d | a6 a g | f2 f2 f2 e d | a6 a g | f2 g a "G"g2 f2 | "A"e2 c2 A2
P:B
d2 | "D"a2 g f "A"g2 a2 | "G"b2 "D"a4 d2 | a2 g f "A"g2 a2 | "G"b2 "D"a4 d2 | "G"b2 "D"a2 "A"g2 "D"f2 | "A"e3 f e3 d | "D"d6

T: La Folia
C: Traditional (Iberia, 17th century)
M: 3/4
L: 1/4
Q: 92
K: Dm
"Dm"d d3/2 d/ | "A"^c2 c | "Dm"d d3/2 d/ | "C"e2 e | "F"f f3/2 f/ | "C"e2 e | "Dm"d3/2 e/ d | "A"^c3 |
"Dm"d d3/2 d/ | "A"^c2 c | "Dm"d d3/2 d/ | "C"e2 e | "F"f f3/2 f/ | "C"e2 e | "Dm"d "A"^c3/2 d/ | "Dm"d3 |

T: Prelude to the Te Deum
C: Marc-Antoine Charpentier (1643-1704)
M: 4/4
L: 1/8
Q: 120
K: D
P: AABA
P:A
A2 | "D"d2 d2 d3 e | f2 d2 a3 f | "G"g2 a g "D"f2 "A"e2 | "D"f4 "A"e2 A2 | "D"d2 d2 d3 e | f2 d2 a3 f | "G"g f e d "A"e3 d | "D"d6
P:B
f2 | "D"f3 e f2 d2 | "A"e3 d e2 A2 | "D"f3 g a2 f2 | "E"e6 e2 | "A"a3 g "D"f2 e d | "A"c2 A2 "Bm"d2 c B | "A"c2 A2 "E"B3 A | "A"A6

T: O Haupt voll Blut und Wunden
C: Hans Leo Hassler (1564-1612)
M: 4/4
L: 1/4
Q: 80
K: Am
P: AAB
P:A
E | "Am"A G "F"F "C"E | "G"D2 "C"E "G"B | "Am"c B/ A/ "E"B2 | "Am"A3
P:B
c | "G"B G "F"A B | "C"c2 c2- | c G "F"A G | "Dm"F F "C"E2- | E c "G"B3/2 c/ | "G"d "Am"c "E"B3/2 B/ | "Am"A2- A "C"E | "F"F E "Dm"D "C"G | "F"F/ E/ "Dm"D "E"E2- | E3

T: Branle de l'Official
C: Thoinot Arbeau (1520-1595)
M: 4/4
L: 1/4
Q: 152
K: G
P: AAB
P:A
"G"G G A/ G/ F/ E/ | "D"D3 D | "C"E G "D"G F | "G"G2 G2 |
P:B
"G"d3/2 c/ "Am"B/ c/ d/ B/ | "Am"c3/2 B/ A/ B/ c/ A/ | "G"B3/2 A/ G/ A/ B/ G/ | "D"A3/2 G/ "C"F/ G/ A/ F/ |
"G"G3/2 F/ "C"E/ F/ G/ E/ | "D"F2 D2 | "C"E G "D"G F | "G"G2 G2 |
`;
