# Prints the company and title of each line, as they are spelled: what one does who takes JSON for text. Wrong where the
# names come twice, nested or escaped.
{
    company = match($0, /"company": ?"([^"\\]|\\.)*"/) ? substr($0, RSTART + 10, RLENGTH - 10) : "null"
    title = match($0, /"title": ?"([^"\\]|\\.)*"/) ? substr($0, RSTART + 8, RLENGTH - 8) : "null"
    print "[" company "," title "]"
}
