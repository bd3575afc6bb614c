# Draws the time of each program as multiples of jl-dedupe's. Given: data (a TSV: name, short, long) and its rows.
set terminal svg size 760,(90 + 34 * rows) font "sans-serif,13" background "white"
set datafile separator "\t"
set title "Time to find the distinct pairs of a file; jl-dedupe with one thread = 1" font ",14"
set logscale x
set xrange [0.1:400]
set yrange [rows - 0.4:-0.6]
set xtics ("0.1" 0.1, "¼" 0.25, "½" 0.5, "1" 1, "2" 2, "5" 5, "10" 10, "20" 20, "50" 50, "100" 100, "200" 200) nomirror
set ytics () scale 0
set grid xtics lt 1 lc rgb "#dddddd"
set border 1
set key right top
set lmargin 24
set style fill solid noborder
set for [i=0:rows - 1] ytics add (system(sprintf("awk -F '\t' 'NR == %d { print $1 }' '%s'", i + 1, data)) i)
plot data using (0.1):0:(0.1):2:($0 - 0.36):($0 - 0.02) with boxxyerror lc rgb "#2b6cb0" title "short lines, 220 bytes", \
     data using (0.1):0:(0.1):3:($0 + 0.02):($0 + 0.36) with boxxyerror lc rgb "#dd8b3a" title "long lines, 3 KB", \
     data using ($2 * 1.08):($0 - 0.19):(sprintf($2 < 10 ? "%.2g" : "%.0f", $2)) with labels left font ",11" notitle, \
     data using ($3 * 1.08):($0 + 0.19):(sprintf($3 < 10 ? "%.2g" : "%.0f", $3)) with labels left font ",11" notitle
