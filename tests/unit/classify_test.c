/* The seniority of titles: the examples that define the scale, then what people write in advertisements. */
#include "unit/cmocka_all.h"

#include "chance.h"
#include "senior/classify.h"

typedef struct labelled {
    int level;
    const char *title;
} labelled;

/* The definition of the scale. */
static const labelled definition[] = {
    {1, "Accounting Intern"},
    {1, "Software Engineer Trainee"},
    {1, "Paralegal"},
    {2, "Account Receivable Bookkeeper"},
    {2, "Junior Software QA Engineer"},
    {2, "Legal Adviser"},
    {3, "Senior Tax Accountant"},
    {3, "Lead Electrical Engineer"},
    {3, "Attorney"},
    {4, "Account Manager"},
    {4, "Superintendent Engineer"},
    {4, "Lead Lawyer"},
    {5, "Chief of Accountants"},
    {5, "VP Network Engineering"},
    {5, "Head of Legal"},
    {6, "Managing Director, Treasury"},
    {6, "Director of Engineering, Backend Systems"},
    {6, "Attorney, Partner"},
    {7, "CFO"},
    {7, "COO"},
    {7, "CEO"},
};

static const labelled usual[] = {
    {1, "Administrative Assistant II"},
    {1, "Administrative Assistant, Office of the CEO"},
    {1, "Apprentice Electrician"},
    {1, "Assistant to the CEO"},
    {1, "Barista"},
    {1, "CEO Assistant"},
    {1, "Certified Nursing Assistant"},
    {1, "Data Entry Clerk"},
    {1, "Dental Assistant"},
    {1, "Director's Assistant"},
    {1, "Entry Level Sales Representative"},
    {1, "Executive Housekeeper"},
    {1, "Executive Secretary"},
    {1, "Graduate Software Engineer"},
    {1, "Intern, Office of the CEO"},
    {1, "Management Trainee"},
    {1, "Manager in Training"},
    {1, "Medical Assistant"},
    {1, "PhD Intern"},
    {1, "Receptionist"},
    {1, "Research Assistant"},
    {1, "Retail Sales Associate"},
    {1, "Sales Associate"},
    {1, "Secretary to the Director"},
    {1, "Security Guard"},
    {1, "Software Engineering Internship"},
    {1, "Student Nurse"},
    {1, "Student Worker"},
    {1, "Summer Intern - Finance"},
    {1, "Teaching Assistant"},
    {1, "Team Member"},
    {1, "Trainee Manager"},
    {1, "Warehouse Associate"},
    {1, "Warehouse Worker"},
    {1, "Working Student (m/f/d) Data Science"},
    {1, "Working Student - Marketing"},
    {2, "Account Executive"},
    {2, "Advisor to the President"},
    {2, "Board Certified Behavior Analyst"},
    {2, "Board of Directors Member"},
    {2, "Business Development Executive"},
    {2, "Customer Service Representative"},
    {2, "Data Analyst"},
    {2, "Delivery Driver"},
    {2, "Dental Hygienist"},
    {2, "DevOps Engineer"},
    {2, "Document Controller"},
    {2, "Electrician"},
    {2, "Elementary School Teacher"},
    {2, "Executive Assistant"},
    {2, "Executive Assistant to the Chief Financial Officer"},
    {2, "Forklift Operator"},
    {2, "Founder's Associate"},
    {2, "Front-End Developer"},
    {2, "Full Stack Developer (Remote)"},
    {2, "Graduate Admissions Counselor"},
    {2, "Head Start Teacher"},
    {2, "Human Resources Coordinator"},
    {2, "Internal Auditor"},
    {2, "Internship Coordinator"},
    {2, "Journeyman Electrician"},
    {2, "Jr. Developer"},
    {2, "Lead Generation Specialist"},
    {2, "Line Cook"},
    {2, "Loan Officer"},
    {2, "Machine Operator"},
    {2, "Machinist 2nd Shift"},
    {2, "Master Data Analyst"},
    {2, "Member of Technical Staff"},
    {2, "Ninja"},
    {2, "Office of the CFO - Analyst"},
    {2, "Owner Operator Truck Driver"},
    {2, "Owner/Operator"},
    {2, "PA to Managing Director"},
    {2, "Partner Success Engineer"},
    {2, "President's Club Coordinator"},
    {2, "QA Tester"},
    {2, "Registered Nurse"},
    {2, "Research Associate"},
    {2, "Sales Executive"},
    {2, "Senior Living Advisor"},
    {2, "Senior Paralegal"},
    {2, "Social Worker"},
    {2, "Software Engineer 2"},
    {2, "Software Engineer II"},
    {2, "Sous Chef"},
    {2, "Staff Accountant"},
    {2, "Student Services Coordinator"},
    {2, "Tier 2 Support"},
    {2, "Truck Driver - Class A"},
    {2, "Vice President's Office Coordinator"},
    {3, "Adjunct Professor"},
    {3, "Assistant Manager"},
    {3, "Assistant Professor of Biology"},
    {3, "Assistant Store Manager"},
    {3, "Associate"},
    {3, "Associate Attorney"},
    {3, "Associate Product Manager"},
    {3, "Associate Professor of History"},
    {3, "Asst. Manager"},
    {3, "Business Owner"},
    {3, "Channel Partner"},
    {3, "Corporate Attorney"},
    {3, "Dentist"},
    {3, "Engineering Lead"},
    {3, "Enterprise Architect"},
    {3, "Family Physician"},
    {3, "HR Business Partner"},
    {3, "Head Cashier"},
    {3, "Lead"},
    {3, "Lead Data Scientist"},
    {3, "Lecturer"},
    {3, "Legal Counsel"},
    {3, "Master Electrician"},
    {3, "Nurse Practitioner"},
    {3, "Pharmacist"},
    {3, "Physician"},
    {3, "Physician Assistant"},
    {3, "Practice Lead"},
    {3, "Process Owner"},
    {3, "Product Owner"},
    {3, "SENIOR SOFTWARE ENGINEER"},
    {3, "Scrum Master"},
    {3, "Senior Account Executive"},
    {3, "Senior Associate"},
    {3, "Senior Business Analyst"},
    {3, "Senior Data Analyst"},
    {3, "Shift Supervisor"},
    {3, "Software Engineer (Senior)"},
    {3, "Software Engineer III"},
    {3, "Software Engineer IV"},
    {3, "Solutions Architect"},
    {3, "Sr Customer Service Rep"},
    {3, "Sr. Software Engineer"},
    {3, "Staff Pharmacist"},
    {3, "Staff Software Engineer"},
    {3, "Team Lead"},
    {3, "Team Leader"},
    {3, "Tech Lead"},
    {3, "Technician Level 3"},
    {3, "Welder III"},
    {3, "senior software engineer"},
    {4, "AVP, Lending"},
    {4, "Area Manager"},
    {4, "Assistant Controller"},
    {4, "Assistant Director"},
    {4, "Assistant Director of Nursing"},
    {4, "Assistant Principal"},
    {4, "Assistant Vice President"},
    {4, "Asst. VP"},
    {4, "COO Business Manager"},
    {4, "Construction Superintendent"},
    {4, "Customer Success Manager"},
    {4, "Deputy Head of Research"},
    {4, "Distinguished Engineer"},
    {4, "District Manager"},
    {4, "Engineering Manager – Platform"},
    {4, "Executive Chef"},
    {4, "Group Product Manager"},
    {4, "Head Chef"},
    {4, "Head Nurse"},
    {4, "Intern Program Manager"},
    {4, "Managing Editor"},
    {4, "Nursing Supervisor"},
    {4, "Office Manager"},
    {4, "Office Manager / Executive Assistant"},
    {4, "Partner Manager"},
    {4, "Partner Marketing Manager"},
    {4, "Plant Manager"},
    {4, "Principal Data Scientist"},
    {4, "Principal Engineer"},
    {4, "Product Manager"},
    {4, "Professor"},
    {4, "Program Manager"},
    {4, "Project Manager II"},
    {4, "Project Superintendent"},
    {4, "Regional Sales Manager"},
    {4, "Senior Associate Attorney"},
    {4, "Senior Counsel"},
    {4, "Senior Manager, Tax"},
    {4, "Senior Product Manager"},
    {4, "Senior Solutions Architect"},
    {4, "Senior Staff Engineer"},
    {4, "Software Engineer V"},
    {4, "Sr Mgr, Supply Chain"},
    {4, "Sr. Mgr. Finance"},
    {4, "Store Manager"},
    {4, "Supervisor"},
    {4, "Supt. of Maintenance"},
    {4, "Technical Program Manager"},
    {5, "Art Director"},
    {5, "Associate Director"},
    {5, "Associate General Counsel"},
    {5, "Associate Partner"},
    {5, "Chief Accountant"},
    {5, "Chief Architect"},
    {5, "Chief Engineer"},
    {5, "Chief of Staff"},
    {5, "Chief of Staff to the CEO"},
    {5, "Controller"},
    {5, "Country Manager"},
    {5, "Creative Director"},
    {5, "Department Head"},
    {5, "Deputy Managing Director"},
    {5, "Financial Controller"},
    {5, "Fire Chief"},
    {5, "General Manager"},
    {5, "Global Head of Payments"},
    {5, "Global Head of Sales"},
    {5, "Group Vice President"},
    {5, "Head, Legal"},
    {5, "Marketing Director"},
    {5, "Medical Director"},
    {5, "Principal"},
    {5, "Principal, Strategy"},
    {5, "Sales Director"},
    {5, "School Principal"},
    {5, "Software Engineer, Vice President"},
    {5, "V.P. of Sales"},
    {5, "VP/GM"},
    {5, "Vice President"},
    {5, "Vice President of Sales and Marketing"},
    {6, "Board Member"},
    {6, "Dean of Students"},
    {6, "Deputy CEO"},
    {6, "Deputy Chief Financial Officer"},
    {6, "Dir. of Operations"},
    {6, "Director of Nursing"},
    {6, "Director, Product Marketing"},
    {6, "EVP & General Counsel"},
    {6, "Equity Partner"},
    {6, "Executive Director"},
    {6, "Executive Vice President, Operations"},
    {6, "General Counsel"},
    {6, "Managing Director"},
    {6, "Managing Partner"},
    {6, "Partner"},
    {6, "SVP Marketing"},
    {6, "Senior Director of Product"},
    {6, "Senior Partner"},
    {6, "Senior VP, Engineering"},
    {6, "Senior Vice President, Sales"},
    {6, "Tax Partner"},
    {6, "Treasurer"},
    {6, "Venture Partner"},
    {6, "Vice Chairman"},
    {7, "C.E.O."},
    {7, "CIO"},
    {7, "CTO / Co-Founder"},
    {7, "Chairman of the Board"},
    {7, "Chief Executive"},
    {7, "Chief Executive Officer"},
    {7, "Chief Information Security Officer"},
    {7, "Chief Marketing Officer"},
    {7, "Chief Nursing Officer"},
    {7, "Chief Risk and Compliance Officer"},
    {7, "Chief Technology Officer (CTO)"},
    {7, "Co-Founder & CTO"},
    {7, "Founder"},
    {7, "Interim CFO"},
    {7, "Owner"},
    {7, "President"},
    {7, "President and CEO"},
    {7, "co-owner"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void check_all(const labelled *l, size_t n) {
    int wrong = 0;
    for (size_t i = 0; i < n; i++) {
        int level = jl_classify(jl_span_of(l[i].title));
        if (level != l[i].level) {
            print_message("# %s: %d, wanted %d\n", l[i].title, level, l[i].level);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void the_definition_of_the_scale(void **state) {
    (void)state;
    assert_int_equal(COUNT(definition), 21);
    check_all(definition, COUNT(definition));
}

static void usual_titles(void **state) {
    (void)state;
    check_all(usual, COUNT(usual));
}

/* Case, stops and surrounding space say nothing. */
static void spelling_does_not_matter(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(usual); i++) {
        char text[128] = "  ";
        size_t n = 2;
        for (const char *p = usual[i].title; *p; p++)
            text[n++] = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
        text[n++] = ' ';
        if (strchr(usual[i].title, '\'') == NULL)
            assert_int_equal(jl_classify((jl_span){text, n}), usual[i].level);
    }
}

static void titles_that_say_nothing(void **state) {
    (void)state;
    static const char *const titles[] = {"",    " ",  ",",      ",,;|",         "-",     "&", "/", "()",
                                         "...", "of", "to the", "\xe2\x80\x93", "12345", "@"};
    for (size_t i = 0; i < COUNT(titles); i++)
        assert_int_equal(jl_classify(jl_span_of(titles[i])), 2);
}

/* Any bytes have a level, and nothing behind the span is read (the sanitizers watch). */
static void any_bytes(void **state) {
    (void)state;
    chance c = chance_seeded();
    static const char *const words[] = {
        "chief ",  "of ",    "officer", "vice ", "president", "'s ",          "assistant ", "to ",   ", ",
        "head ",   "and ",   "/",       "&",     "partner ",  "\xe2\x80\x93", "iii ",       "in ",   "training",
        "senior ", "board ", "member",  "-",     "@",         "co-",          "graduate ",  "lead ", "\xe2"};
    for (size_t round = 0; round < chance_rounds(20000); round++) {
        char text[600];
        size_t n = 0, parts = chance_below(&c, 90);
        for (size_t i = 0; i < parts && n < sizeof text - 24; i++) {
            const char *word = words[chance_below(&c, COUNT(words))];
            if (chance_below(&c, 8) == 0) {
                text[n++] = (char)chance_bits(&c);
            } else {
                memcpy(text + n, word, strlen(word));
                n += strlen(word);
            }
        }
        char *exact = malloc(n ? n : 1);
        assert_non_null(exact);
        memcpy(exact, text, n);
        int level = jl_classify((jl_span){exact, n});
        assert_in_range(level, 1, 7);
        assert_int_equal(level, jl_classify((jl_span){exact, n}));
        free(exact);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_definition_of_the_scale),
        cmocka_unit_test(usual_titles),
        cmocka_unit_test(spelling_does_not_matter),
        cmocka_unit_test(titles_that_say_nothing),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
