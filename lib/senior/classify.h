/* The seniority of an English job title, by rules. */
#ifndef JL_SENIOR_CLASSIFY_H
#define JL_SENIOR_CLASSIFY_H

#include "base/span.h"

/* Levels: 1 entry, 2 junior, 3 associate, 4 manager, 5 director, 6 executive, 7 senior executive. The title alone
   decides; the company is not looked at. Every title gets a level: one that says nothing gets 2, like any plain occupation.

   1. The title is cut into parts at , ; | : ( ) and dashes between spaces. Case, full stops and the possessive 's do
      not matter; abbreviations count as what they stand for (Sr, Jr, Mgr, Dir, VP, SVP, EVP, AVP, Asst, Supt, …). What
      a part says behind "of", "for", "in", "at", "with" is the field of the work, and behind "to" the person served,
      so neither is a rank: "Assistant to the CEO", "Associate, Office of the CFO".
   2. Interns, trainees, apprentices, students at work, "entry level": 1, whatever else the title says.
   3. A supporting occupation at the end of the first part decides alone: "CEO Assistant", "VP Secretary". Occupations
      have a level of their own: supporting ones (assistant, clerk, cashier, paralegal, …) 1, most (engineer,
      accountant, adviser, nurse, developer, …; an executive assistant too) 2, those with a long formation (attorney,
      physician and physician assistant, architect, pharmacist, …) 3, professor 4. An executive of a field is an
      occupation, not a rank: "Account Executive" 2.
   4. Senior, lead, expert, master, staff (of engineers) and the numerals III and IV raise an occupation by one,
      principal, distinguished and the numeral V by two, but not above 4. Junior makes it at most 2.
   5. Ranks: chief … officer and its letters (CEO, CFO, …), president, chairman, founder, owner 7. Managing or
      executive director, director of a field ("Director of Engineering"; "Director, Sales"), partner, senior or
      executive vice president, general counsel, dean 6. Vice president, head of a field, chief of or chief without
      officer ("Chief of Accountants", "Chief Engineer"), a director whose speciality stands before ("Art Director"),
      general manager, financial controller, principal of a school 5. Manager, superintendent, supervisor, assistant
      vice president, head without "of" ("Head Chef") 4. Team leader 3. The highest rank of all parts counts. A word
      that is a rank elsewhere is none in "Product Owner", "Owner Operator", "Business Partner", "Partner Success
      Engineer", "President's Office".
   6. Deputy, vice, associate, assistant, junior and adjunct before a rank of 4 and more take one off; an assistant
      director has 4: "Assistant Manager" 3, "Associate Director" 5, "Assistant Director" 4. */
int jl_classify(jl_span title);

#endif
