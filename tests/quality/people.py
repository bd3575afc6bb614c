"""The people of the set, and what each of them would think of a posting.

A profile is told by P(); beside it stands the judgement that a careful adviser would give, in terms of what a posting
IS (kind of work, variant, level, place, terms), never of the words in which it says so:

    wants    {"role/variant" or "role": grade when all else fits}; what is not named is 0
    level    0 trainee, 1 entry, 2 middle, 3 senior, 4 lead, 5 executive; `levels` says how much the others cost
    home     the metropolitan areas that are no move; `far` is what any other costs when one has to come in
    remote   "only": coming in costs 2; "yes": welcome; "no": rather not, costs 1
    pay      thousands a year under which a posting is a 1 at best;  types: the only terms of employment;  visa: needs a sponsor
    has      what few have and some postings insist on
"""

PEOPLE = []


def P(id, name, label, city, summary, work, edu, skills, wants, level, home, far=2, remote="yes", levels=None, pay=0,
      types=(), visa=False, prefs=None, has=()):
    basics = {"name": name, "label": label, "summary": summary,
              "location": dict(zip(("city", "region", "countryCode"), city))}
    profile = {"id": id, "basics": basics, "work": [
        dict(zip(("name", "position", "startDate", "endDate", "summary"), w[:5]), **({"highlights": w[5]} if len(w) > 5 else {}))
        for w in work]}
    for entry in profile["work"]:
        if not entry["endDate"]:
            del entry["endDate"]
    profile["education"] = [dict(zip(("institution", "area", "studyType", "endDate"), e)) for e in edu]
    profile["skills"] = [{"name": n, **({"keywords": k} if k else {})} for n, k in skills]
    judged(profile, prefs, wants, level, home, far, remote, levels, pay, types, visa, has)


def T(id, text, wants, level, home, far=2, remote="yes", levels=None, pay=0, types=(), visa=False, prefs=None, has=()):
    judged({"id": id, "text": " ".join(text.split())}, prefs, wants, level, home, far, remote, levels, pay, types, visa, has)


def judged(profile, prefs, wants, level, home, far, remote, levels, pay, types, visa, has):
    if prefs:
        profile["preferences"] = prefs
    costs = {level - 2: 2, level - 1: 1, level: 0, level + 1: 1, level + 2: 3}
    costs.update(levels or {})
    PEOPLE.append({"profile": profile, "wants": wants, "level": level, "home": home.split(), "far": far, "remote": remote,
                   "levels": costs, "pay": pay, "types": types, "visa": visa, "has": has})


P("p01", "Amara Okafor", "Senior Data Engineer", ("Chicago", "IL", "US"),
  "Eight years of building data platforms. I like lakes without swamps: tested Spark jobs, clear ownership, modest cloud bills.",
  [("Halden Insurance", "Senior Data Engineer", "2020-03", "", "Claims lake on AWS for 300 analysts",
    ["Moved 140 nightly jobs from Hive to PySpark on EMR", "Airflow with 600 DAGs, lineage and alerts", "Cut Redshift cost by 40 %"]),
   ("Brightcart", "Data Engineer", "2016-08", "2020-02", "Kafka to S3 ingestion, Python and Scala")],
  [("University of Illinois", "Computer Science", "Bachelor", "2016")],
  [("Python", ()), ("Apache Spark", ("PySpark", "Databricks")), ("AWS", ("S3", "EMR", "Glue", "Redshift")), ("Airflow", ()), ("SQL", ()), ("Terraform", ())],
  {"data_engineer/spark_aws": 3, "data_engineer/gcp_stream": 2, "data_engineer/dbt": 2, "data_engineer/ms_bi": 1, "ml_engineer/recsys": 1, "backend/python": 1},
  3, "chi", pay=140, prefs={"remote": True, "onsite": True, "locations": ["Chicago, IL"], "min_salary": 140000}, levels={4: 0})

P("p02", "Joel Brandt", "Junior Data Analyst", ("Columbus", "OH", "US"),
  "Former middle school science teacher, now analyst: finished a data boot camp and want my first full role with numbers.",
  [("Linden Schools", "Science Teacher", "2017-08", "2025-06", "Taught grades 6 to 8; built grade and attendance dashboards for the staff"),
   ("Food Bank of Ohio", "Data Volunteer", "2025-03", "", "Tableau reports of donations, cleaned records with SQL")],
  [("Ohio State University", "Biology Education", "Bachelor", "2017"), ("Turing Data Boot Camp", "Data analytics", "Certificate", "2025")],
  [("SQL", ()), ("Tableau", ()), ("Excel", ()), ("Python", ("pandas",)), ("Presenting", ())],
  {"data_analyst/bi": 3, "data_analyst/product": 2, "data_analyst/excel": 2, "financial_analyst/fpa": 1, "supply_chain/planning": 1, "data_engineer/dbt": 1},
  1, "col", far=2, levels={0: 1, 2: 1, 3: 3})

P("p03", "Priya Raman", "Senior Java Developer", ("New York", "NY", "US"),
  "Server-side engineer for payments. Nine years on the JVM, the last four as the one who is asked when throughput drops.",
  [("Northgate Bank", "Vice President, Software Engineering", "2021-05", "", "Payment hub, 4,000 transactions a second",
    ["Spring Boot services behind Kafka", "Split an EJB monolith", "Mentor of five"]),
   ("Cognivia", "Java Developer", "2016-07", "2021-04", "J2EE, Hibernate, Oracle for an insurer")],
  [("Anna University", "Information Technology", "Bachelor", "2016")],
  [("Java", ("Spring Boot", "Hibernate", "JUnit", "Maven")), ("Kafka", ()), ("Oracle", ("SQL",)), ("Microservices", ())],
  {"backend/java": 3, "backend/go": 1, "backend/dotnet": 1, "backend/python": 1, "data_engineer/gcp_stream": 1, "qa/automation": 1},
  3, "nyc", visa=True, prefs={"visa": True, "remote": True, "onsite": True, "locations": ["New York, NY", "Jersey City, NJ"]}, levels={4: 0})

T("p04", """Python developer, 4 years, self-taught. I write web back ends: Django, Django REST framework, FastAPI, Celery,
  PostgreSQL, Redis, pytest, Docker. Built the booking engine of a hostel chain (2 million nights) and maintain a small
  open source package. Looking for a fully remote job in a calm company; I live in rural Montana and will not move. No crypto.""",
  {"backend/python": 3, "backend/go": 1, "backend/php": 1, "data_engineer/spark_aws": 1, "devops/k8s_aws": 1, "frontend/react": 1},
  2, "", remote="only", prefs={"remote": True})

P("p05", "Mateo Silva", "Frontend Developer", ("Austin", "TX", "US"),
  "I make React applications that load fast and work with a keyboard.",
  [("Ledgerleaf", "Frontend Developer", "2022-01", "", "Accounting app used by 9,000 firms", ["TypeScript migration", "Design system with 60 components", "LCP from 4.1 s to 1.6 s"]),
   ("Studio Nine", "Web Developer", "2020-06", "2021-12", "Marketing sites for clients")],
  [("Texas State University", "Digital Media", "Bachelor", "2020")],
  [("React", ("hooks", "Redux", "Next.js")), ("TypeScript", ()), ("CSS", ("Tailwind", "Sass")), ("Accessibility", ()), ("Jest", ())],
  {"frontend/react": 3, "frontend/angular": 2, "mobile/rn": 2, "frontend/wordpress": 1, "ux/product": 1, "backend/python": 1},
  2, "aus", prefs={"remote": True, "onsite": True, "locations": ["Austin, TX", "Round Rock, TX"]})

P("p06", "Dr. Lin Zhao", "Applied Scientist, Natural Language Processing", ("Boston", "MA", "US"),
  "PhD on neural information extraction; six years of shipping language models in health care and legal technology.",
  [("CaseWise", "Senior Applied Scientist", "2022-02", "", "Retrieval and summaries over 80 million court documents", ["Fine-tuned transformer models", "RAG evaluation suite", "Embedding search, 40 ms"]),
   ("MedNote AI", "NLP Scientist", "2019-09", "2022-01", "Entity extraction from clinical notes")],
  [("Northeastern University", "Computer Science (NLP)", "PhD", "2019")],
  [("PyTorch", ("Hugging Face", "transformers")), ("NLP", ("LLM", "RAG", "NER", "semantic search")), ("Python", ()), ("Evaluation", ())],
  {"ml_engineer/nlp": 3, "ml_engineer/recsys": 2, "ml_engineer/vision": 1, "ml_engineer/forecasting": 1, "bioinformatics/structure": 1, "bioinformatics/ngs": 1},
  3, "bos", levels={4: 0})

P("p07", "Ken Watts", "Site Reliability Engineer", ("Denver", "CO", "US"),
  "Twelve years from data centre to cloud. I remove toil and write things down.",
  [("Peakstream", "Senior SRE", "2019-04", "", "Video platform, 30 clusters", ["Kubernetes on AWS with Argo CD", "Terraform modules for 70 teams", "SLOs and error budgets; pages down 60 %"]),
   ("Mountain Telecom", "Linux Administrator", "2013-05", "2019-03", "RHEL, VMware, Puppet")],
  [("Metropolitan State University", "Information Systems", "Bachelor", "2013")],
  [("Kubernetes", ("EKS", "Helm", "Argo CD")), ("AWS", ()), ("Terraform", ()), ("Prometheus", ("Grafana",)), ("Go", ()), ("Linux", ())],
  {"devops/k8s_aws": 3, "devops/azure": 2, "devops/onprem": 1, "backend/go": 1, "data_engineer/spark_aws": 1, "infosec/appsec": 1},
  3, "den", remote="only", pay=150, prefs={"remote": True, "min_salary": 150000}, levels={4: 0})

P("p08", "Tanya Brooks", "QA Automation Engineer", ("Atlanta", "GA", "US"),
  "Tester who codes. I moved a team from spreadsheets to a nightly suite that people trust.",
  [("Peach Payments", "QA Engineer", "2021-02", "", "Cypress and Playwright suites in TypeScript, API tests, GitHub Actions"),
   ("Metro Health Plan", "Manual Tester", "2018-06", "2021-01", "Regression cycles of the member portal")],
  [("Georgia State University", "Computer Information Systems", "Bachelor", "2018")],
  [("Playwright", ()), ("Cypress", ()), ("Selenium", ("Java",)), ("API testing", ("Postman",)), ("Jira", ())],
  {"qa/automation": 3, "qa/manual": 1, "frontend/react": 1, "devops/k8s_aws": 1, "backend/java": 1},
  2, "atl", prefs={"remote": True, "onsite": True, "locations": ["Atlanta, GA"]}, levels={3: 0})

T("p09", """iPhone developer since 2014. Swift, SwiftUI, UIKit, Combine, Core Data, some Objective-C. Shipped a running app
  with 3 million downloads (Editors' Choice) and a banking app. I look after accessibility and battery. I want to stay a
  senior individual contributor, San Francisco or Oakland, hybrid is fine.""",
  {"mobile/ios": 3, "mobile/rn": 1, "mobile/android": 1, "frontend/react": 1},
  3, "sfo", levels={2: 1, 4: 1}, prefs={"remote": True, "onsite": True, "locations": ["San Francisco, CA", "Oakland, CA"]})

P("p10", "Denise Yazzie", "IT Support Specialist", ("Phoenix", "AZ", "US"),
  "Five years of helping people with their computers at a hospital and a school district. A+ and Microsoft certified.",
  [("Desert Valley Hospital", "Desktop Support Technician", "2021-03", "", "1,800 workstations, Active Directory, Intune, printers", ["92 % satisfaction", "Imaging time halved"]),
   ("Tempe Schools", "Help Desk", "2019-06", "2021-02", "Tickets and Chromebooks")],
  [("Mesa Community College", "Networking", "Associate", "2019")],
  [("Windows", ("Active Directory", "Intune", "SCCM")), ("Microsoft 365", ()), ("Customer service", ()), ("CompTIA A+", ())],
  {"it_support/desktop": 3, "it_support/msp": 2, "it_support/network": 2, "devops/onprem": 1, "support/saas": 1, "trainer/software": 1},
  2, "phx", levels={1: 1, 3: 0})

T("p11", """Leaving the Army after six years as a signals sergeant (networks, radios, duty officer of a network operations
  center). Security+ and CySA+, home lab with Splunk and Security Onion, TryHackMe top 1%. Active Secret clearance.
  Want to start in a security operations center, monitoring alerts and handling incidents, shifts are no problem. San Antonio
  or anywhere in Texas, happy to relocate.""",
  {"infosec/soc": 3, "infosec/grc": 1, "infosec/appsec": 1, "it_support/network": 2, "it_support/desktop": 1, "it_support/msp": 1},
  1, "aus hou dal", far=1, levels={2: 1, 3: 2}, has=("clearance",))

P("p12", "Sofia Lindqvist", "Senior Product Manager", ("Seattle", "WA", "US"),
  "Product manager for business software: permissions, integrations, pricing. Ex-consultant.",
  [("Fieldbase", "Senior Product Manager", "2020-06", "", "Work-order platform for 700 companies", ["Public API and app marketplace", "New packaging, +18 % net retention"]),
   ("Orbit HR", "Product Manager", "2017-01", "2020-05", "Enterprise admin and SSO")],
  [("University of Washington", "Economics", "Bachelor", "2013")],
  [("Product discovery", ()), ("B2B SaaS", ()), ("Roadmaps", ()), ("APIs", ()), ("SQL", ()), ("Pricing", ())],
  {"product_manager/b2b": 3, "product_manager/growth": 2, "product_manager/hardware": 1, "csm/saas": 1, "vp_eng/software": 0, "ux/product": 1},
  3, "sea", levels={4: 0})

P("p13", "Oleg Marin", "Firmware Engineer", ("Boston", "MA", "US"),
  "C on microcontrollers for wearables: sensors, Bluetooth, months on a coin cell.",
  [("Pulseband", "Embedded Engineer", "2021-07", "", "STM32 and nRF52 firmware, FreeRTOS, BLE", ["Sleep current 11 µA", "Field update without bricks"]),
   ("Tufts Robotics Lab", "Research Engineer", "2020-01", "2021-06", "Motor control boards")],
  [("Tufts University", "Electrical Engineering", "Master", "2020")],
  [("C", ()), ("ARM Cortex-M", ("STM32", "nRF52")), ("FreeRTOS", ("Zephyr",)), ("BLE", ()), ("Oscilloscope", ())],
  {"embedded/mcu": 3, "embedded/auto": 2, "embedded/fpga": 1, "electrical_engineer/pcb": 1, "qa/device": 1, "backend/go": 0},
  2, "bos", remote="yes", levels={3: 0})

P("p14", "Grace Adeyemi", "ICU Registered Nurse, BSN, CCRN", ("Houston", "TX", "US"),
  "Critical care nurse with ten years at the bedside: ventilators, drips, ECMO back-up. Preceptor of new staff.",
  [("Bayou Medical Center", "ICU RN", "2017-02", "", "24-bed medical intensive care unit, Epic", ["CRRT super user", "Preceptor for 14 nurses"]),
   ("St. Anne Hospital", "Telemetry RN", "2014-07", "2017-01", "32-bed step-down unit")],
  [("University of Texas", "Nursing", "BSN", "2014")],
  [("Critical care", ("ventilators", "vasoactive drips", "CRRT")), ("ACLS, BLS", ()), ("CCRN", ()), ("Epic", ()), ("Precepting", ())],
  {"rn/icu": 3, "rn/medsurg": 1, "rn/or": 1, "rn/home": 1, "clinical_research/site": 1},
  3, "hou", remote="no", levels={2: 0, 4: 1}, prefs={"onsite": True, "locations": ["Houston, TX"]})

T("p15", """Just passed my NCLEX! BSN from Loyola Chicago, May graduate. Clinical rotations in med-surg, pediatrics and
  psych, senior practicum on a telemetry floor. Worked two years as a nursing assistant while in school. BLS. Looking for a
  new graduate program or residency with a good preceptor in Chicago; nights OK.""",
  {"rn/medsurg": 3, "rn/icu": 2, "rn/school": 2, "rn/or": 2, "rn/home": 1, "cna/hospital": 1, "medical_assistant/clinic": 0},
  1, "chi", levels={0: 2, 2: 2, 3: 3})

P("p16", "Helen Fischer", "Pediatric Nurse (part-time)", ("Denver", "CO", "US"),
  "Nurse for children for eighteen years; two of my own, so days only and part of the week.",
  [("Rocky Mountain Pediatrics", "Office Nurse", "2012-01", "", "Vaccines, asthma education, triage calls"),
   ("Children's Hospital", "Staff Nurse", "2007-06", "2011-12", "Pediatric ward")],
  [("University of Colorado", "Nursing", "BSN", "2007")],
  [("Pediatrics", ("immunizations", "asthma plans")), ("Phone triage", ()), ("RN license Colorado", ()), ("School health", ())],
  {"rn/school": 3, "rn/home": 2, "rn/medsurg": 1, "medical_assistant/clinic": 1, "social_worker/hospital": 0},
  3, "den", types=("part_time", "per_diem"), levels={2: 0, 1: 1}, prefs={"onsite": True, "locations": ["Denver, CO", "Aurora, CO"], "employment_types": ["part_time", "per_diem"]})

T("p17", """Certified nursing assistant, Arizona, 3 years in a memory care home. Bathing, feeding, transfers with Hoyer lift,
  vitals, charting on PointClickCare. CPR card. Speak Spanish and English. I want full time days, Phoenix or Mesa. I can
  not drive to private houses (no car).""",
  {"cna/facility": 3, "cna/hospital": 3, "medical_assistant/clinic": 1, "cna/homecare": 1, "social_worker/child": 0, "rn/medsurg": 0},
  2, "phx", remote="no", levels={1: 0, 3: 1}, types=("full_time",), prefs={"onsite": True, "locations": ["Phoenix, AZ", "Mesa, AZ"], "employment_types": ["full_time"]}, has=("spanish",))

P("p18", "Ryan Takahashi", "Physical Therapist, DPT", ("Seattle", "WA", "US"),
  "Orthopedic physical therapist. Runners, shoulders, backs; board certified (OCS).",
  [("Puget Sports Rehab", "Physical Therapist", "2020-08", "", "Outpatient clinic, 11 patients a day, dry needling"),
   ("Harbor Care Center", "Physical Therapist", "2019-06", "2020-07", "Short-term rehabilitation of older patients")],
  [("University of Puget Sound", "Physical Therapy", "DPT", "2019")],
  [("Manual therapy", ()), ("Sports medicine", ("ACL", "running analysis")), ("Dry needling", ()), ("Documentation", ())],
  {"physical_therapist/ortho": 3, "physical_therapist/snf": 1},
  2, "sea", remote="no", levels={3: 0})

P("p19", "Nadia Petrov", "Accountant, CPA", ("Chicago", "IL", "US"),
  "CPA with five years: two in public audit, three closing the books of a manufacturer.",
  [("Lakeshore Tools", "Senior Accountant", "2022-04", "", "Month-end close, fixed assets, intercompany", ["Close from 9 to 5 days", "Led audit requests"]),
   ("Grant & Moore LLP", "Audit Associate", "2020-07", "2022-03", "Audits of mid-size clients")],
  [("DePaul University", "Accounting", "Bachelor", "2020")],
  [("General ledger", ("accruals", "reconciliations", "consolidation")), ("US GAAP", ()), ("SAP", ()), ("Excel", ()), ("CPA", ())],
  {"accountant/gl": 3, "accountant/cost": 2, "accountant/audit": 2, "accountant/tax": 1, "financial_analyst/fpa": 2, "bookkeeper/smb": 1, "bookkeeper/apar": 0},
  2, "chi", levels={3: 0, 4: 1}, prefs={"remote": True, "onsite": True, "locations": ["Chicago, IL", "Evanston, IL"]})

T("p20", """Bookkeeper for small businesses, 15 years. QuickBooks Online ProAdvisor, Xero, bill pay, bank feeds, sales tax,
  payroll for up to 30 people with Gusto, 1099s, year-end package for the CPA. I keep books for dentists, restaurants and a church.
  Want part-time work from home, about 20 hours a week, mornings. Atlanta.""",
  {"bookkeeper/smb": 3, "bookkeeper/payroll": 2, "bookkeeper/apar": 2, "accountant/gl": 1, "accountant/tax": 1, "admin/front": 0},
  3, "atl", remote="only", types=("part_time", "contract"), levels={1: 1, 2: 0}, prefs={"remote": True, "employment_types": ["part_time", "contract"]})

P("p21", "Marcus Bell", "Senior FP&A Analyst", ("Dallas", "TX", "US"),
  "Planning and analysis for consumer goods: budgets that hold and forecasts that admit doubt.",
  [("Lone Star Snacks", "Senior Financial Analyst", "2020-09", "", "Annual operating plan of $600m, board materials, Anaplan"),
   ("Trinity Bank", "Credit Analyst", "2017-06", "2020-08", "Commercial loan files")],
  [("SMU", "Finance", "Bachelor", "2017")],
  [("Budgeting and forecasting", ()), ("Anaplan", ()), ("Excel modelling", ()), ("Variance analysis", ()), ("Power BI", ())],
  {"financial_analyst/fpa": 3, "financial_analyst/credit": 2, "financial_analyst/ib": 1, "accountant/cost": 1, "accountant/gl": 1, "data_analyst/bi": 1, "supply_chain/planning": 1},
  3, "dal", levels={4: 0})

P("p22", "Luis Herrera", "Industrial Electrician", ("Houston", "TX", "US"),
  "Journeyman since 2013. Motors, drives, PLCs and conduit in refineries and bottling plants.",
  [("Gulf Bottling", "Maintenance Electrician", "2018-01", "", "480 V, Allen-Bradley PLCs, VFDs, preventive maintenance"),
   ("Brazos Electric", "Journeyman Electrician", "2013-05", "2017-12", "Commercial and industrial new construction")],
  [("IBEW Local 716", "Electrical apprenticeship", "Certificate", "2013")],
  [("PLC troubleshooting", ("Allen-Bradley",)), ("Motor controls", ("VFD",)), ("Conduit bending", ()), ("NEC", ()), ("Texas journeyman license", ())],
  {"electrician/industrial": 3, "electrician/residential": 1, "electrician/solar": 1, "hvac/commercial": 1, "electrician/lowvolt": 1},
  3, "hou", remote="no", levels={2: 0, 4: 1}, prefs={"onsite": True, "locations": ["Houston, TX", "Pasadena, TX"]})

T("p23", """High school senior graduating in June, Columbus OH. Two years of vocational electrical program (Fort Hayes), can bend EMT,
  wire three-way switches and read simple prints. OSHA 10. Looking for an electrical apprenticeship or helper job. Have a car and basic tools.""",
  {"electrician/residential": 3, "electrician/industrial": 3, "electrician/solar": 2, "electrician/lowvolt": 2, "hvac/residential": 1, "construction_mgr/residential": 0},
  0, "col", remote="no", levels={1: 1, 2: 3, 3: 3})

T("p24", """6G certified pipe welder, TIG and stick, stainless, chrome and carbon. 14 yrs shutdowns and fab shops around the
  Gulf. X-ray rate 98%. TWIC card, own rig truck. Prefer Houston area with per diem, will travel for turnarounds. No MIG shop work please.""",
  {"welder/pipe": 3, "welder/structural": 1, "welder/robot": 0},
  3, "hou", far=1, remote="no", levels={2: 0, 4: 1})

P("p25", "Darnell Price", "CDL-A Driver, local", ("Atlanta", "GA", "US"),
  "Eleven years, 900,000 safe miles. I want to be home at night with my children.",
  [("Southern Foods", "Route Driver", "2019-03", "", "Food service deliveries, 12 stops a day, pallet jack"),
   ("Swift Line", "OTR Driver", "2014-02", "2019-02", "48 states, dry van")],
  [("Atlanta Technical College", "Commercial driving", "Certificate", "2014")],
  [("Class A CDL", ()), ("Local delivery", ()), ("Touch freight", ()), ("ELD logs", ()), ("Clean MVR", ())],
  {"truck_driver/local": 3, "truck_driver/otr": 1, "truck_driver/tanker": 1, "van_driver/parcel": 1, "dispatcher/freight": 1},
  3, "atl", remote="no", levels={1: 0, 2: 0}, prefs={"onsite": True, "locations": ["Atlanta, GA", "Marietta, GA"]})

T("p26", """Class A commercial license, doubles and triples, 6 years long haul, no accidents. I live in my truck and like it: send
  me coast to coast, three weeks out is fine, dry van or reefer. No touch freight, no city driving. Based in Kansas but hire from anywhere.""",
  {"truck_driver/otr": 3, "truck_driver/tanker": 1, "truck_driver/local": 1},
  2, "", far=0, remote="no", levels={1: 0, 3: 0})

T("p27", """forklift driver, certified sit down and reach truck, 4 years at a beverage warehouse in Phoenix. scanner, loading trailers,
  inventory counts. good attendance. looking for day shift full time, 20/hr or more""",
  {"warehouse/forklift": 3, "warehouse/pick": 2, "warehouse/cold": 1, "truck_driver/local": 0, "van_driver/parcel": 1},
  2, "phx", remote="no", levels={1: 0, 3: 0, 4: 1})

P("p28", "Wei Chen", "Supply Planner, CPIM", ("Chicago", "IL", "US"),
  "Planner in food manufacturing. Forecast, safety stock and S&OP meetings that end on time.",
  [("Prairie Foods", "Supply Planner", "2021-05", "", "Master production schedule for 3 plants, SAP APO", ["Inventory -22 %", "Service 98.4 %"]),
   ("Lake Logistics", "Logistics Coordinator", "2019-06", "2021-04", "Bookings and tracking")],
  [("Purdue University", "Supply Chain Management", "Bachelor", "2019")],
  [("Demand and supply planning", ()), ("SAP", ()), ("S&OP", ()), ("CPIM", ()), ("Excel", ())],
  {"supply_chain/planning": 3, "supply_chain/buying": 2, "supply_chain/freight": 2, "data_analyst/excel": 1, "financial_analyst/fpa": 1, "dispatcher/freight": 0},
  2, "chi", levels={3: 0})

P("p29", "Camille Dubois", "Boutique Store Manager", ("New York", "NY", "US"),
  "Ten years in fashion retail, five as manager: windows, clients, numbers.",
  [("Maison Reve", "Store Manager", "2019-09", "", "$7m boutique in SoHo, 22 people", ["+14 % like-for-like", "Clienteling programme"]),
   ("Nordic Denim", "Assistant Manager", "2014-05", "2019-08", "Flagship store")],
  [("FIT", "Fashion Merchandising", "Associate", "2014")],
  [("Team leadership", ()), ("Visual merchandising", ()), ("Clienteling", ()), ("P&L", ()), ("French", ())],
  {"store_manager/fashion": 3, "store_manager/bigbox": 2, "store_manager/grocery": 1, "hotel/luxury": 1, "retail_associate/fashion": 1},
  3, "nyc", remote="no", levels={2: 1, 4: 0, 5: 2})

T("p30", """Sophomore at UT Austin looking for part time work, evenings and weekends, max 20 hours. One summer at a phone store and a year of
  babysitting. Friendly, quick learner, love gadgets and clothes. No car, bus is ok.""",
  {"retail_associate/electronics": 3, "retail_associate/fashion": 3, "retail_associate/grocery": 2, "barista/cafe": 2, "hotel/budget": 1, "support/callcenter": 1, "admin/front": 1, "van_driver/food": 0},
  1, "aus", types=("part_time",), remote="no", levels={0: 0, 2: 0, 3: 3}, prefs={"onsite": True, "locations": ["Austin, TX"], "employment_types": ["part_time"]})

P("p31", "Maria Delgado", "Elementary School Teacher", ("Denver", "CO", "US"),
  "Third grade, seven years. Phonics, small groups, families as partners. Bilingual Spanish.",
  [("Denver Public Schools", "3rd Grade Teacher", "2018-08", "", "Self-contained classroom of 26, team lead for literacy")],
  [("University of Northern Colorado", "Elementary Education", "Bachelor", "2018")],
  [("Literacy", ("phonics", "guided reading")), ("Classroom management", ()), ("Spanish", ()), ("Colorado teaching license", ())],
  {"teacher/elementary": 3, "teacher/esl": 2, "teacher/sped": 1, "teacher/math": 1, "trainer/ld": 1},
  2, "den", remote="no", levels={3: 0, 1: 2}, has=("spanish",))

P("p32", "Aaron Feld", "Educator moving into Learning & Development", ("Boston", "MA", "US"),
  "High school English teacher of nine years, now designing courses for adults. Certificate in instructional design, portfolio in Articulate Storyline.",
  [("Brookline High School", "English Teacher", "2016-08", "", "Curriculum lead; trained 60 colleagues for the new learning platform"),
   ("Freelance", "Instructional Designer", "2024-01", "", "Two e-learning modules for a credit union")],
  [("Boston College", "English and Secondary Education", "Master", "2016")],
  [("Curriculum design", ()), ("Facilitation", ()), ("Articulate Storyline", ()), ("Canvas LMS", ()), ("Writing", ())],
  {"trainer/ld": 3, "trainer/software": 2, "hr/generalist": 1, "marketing/content": 1, "teacher/esl": 1, "teacher/math": 0, "csm/saas": 1},
  2, "bos", levels={1: 0, 3: 1}, prefs={"remote": True, "onsite": True, "locations": ["Boston, MA", "Cambridge, MA"]})

P("p33", "Rebecca Stein", "Commercial Counsel", ("New York", "NY", "US"),
  "Technology transactions lawyer, admitted in New York 2014; six years in-house at software companies.",
  [("DataHarbor", "Senior Counsel", "2019-10", "", "SaaS agreements, procurement, privacy", ["Contract playbook, turnaround from 12 to 4 days"]),
   ("Kline & West LLP", "Corporate Associate", "2014-09", "2019-09", "M&A and venture financings")],
  [("Fordham Law School", "Law", "JD", "2014")],
  [("Commercial contracts", ("SaaS", "licensing")), ("Privacy", ("GDPR", "CCPA")), ("M&A", ()), ("Negotiation", ())],
  {"lawyer/corporate": 3, "lawyer/litigation": 1, "lawyer/ip": 1, "paralegal/corporate": 0},
  3, "nyc", levels={4: 0, 5: 1}, pay=170, prefs={"remote": True, "onsite": True, "locations": ["New York, NY"], "min_salary": 170000})

P("p34", "Jasmine Cole", "Litigation Paralegal", ("Chicago", "IL", "US"),
  "Paralegal for trial teams: discovery, exhibits, e-filing. Calm on the eve of trial.",
  [("Burke Trial Group", "Litigation Paralegal", "2020-02", "", "Relativity reviews of 2 million documents, trial binders, cite checks"),
   ("Cook County Clerk", "Court Clerk", "2017-07", "2020-01", "Filings")],
  [("Loyola University Chicago", "Paralegal Studies", "Certificate", "2017")],
  [("E-discovery", ("Relativity",)), ("Trial preparation", ()), ("Court filing", ()), ("Legal research", ("Westlaw",))],
  {"paralegal/litigation": 3, "paralegal/corporate": 2, "paralegal/immigration": 1, "paralegal/secretary": 1, "lawyer/litigation": 0, "admin/ea": 1},
  2, "chi", levels={3: 0})

P("p35", "Tyler Nguyen", "Account Executive, SaaS", ("San Francisco", "CA", "US"),
  "Mid-market closer. 118 % of quota over three years, first as SDR.",
  [("Tasklane", "Account Executive", "2022-02", "", "Sold project software to IT and operations, $50k deals, MEDDIC"),
   ("Tasklane", "Sales Development Representative", "2020-06", "2022-01", "Outbound")],
  [("San Jose State University", "Business", "Bachelor", "2020")],
  [("SaaS sales", ()), ("Prospecting", ()), ("Salesforce", ("Outreach", "Gong")), ("MEDDIC", ()), ("Negotiation", ())],
  {"account_exec/saas": 3, "csm/saas": 1, "account_exec/medical": 1, "account_exec/industrial": 1, "sales_engineer/software": 1, "sdr/tech": 1, "account_exec/insurance": 0},
  2, "sfo", levels={3: 0})

P("p36", "Brooke Hanson", "Medical Device Sales", ("Dallas", "TX", "US"),
  "Orthopedic implants and arthroscopy; in surgery three days a week. President's Club twice.",
  [("OrthoNova", "Territory Manager", "2018-03", "", "Knees and hips in North Texas, $3.2m", ["Surgeon training labs", "Five hospital conversions"]),
   ("Copier Systems", "Sales Representative", "2015-06", "2018-02", "B2B equipment")],
  [("Baylor University", "Kinesiology", "Bachelor", "2015")],
  [("Medical device sales", ("implants", "arthroscopy")), ("Operating room", ()), ("Surgeon relationships", ()), ("Contracting", ("GPO",))],
  {"account_exec/medical": 3, "account_exec/industrial": 1, "account_exec/saas": 1, "clinical_research/site": 0, "rn/or": 0},
  3, "dal", remote="no", levels={2: 0, 4: 1})

P("p37", "Kimberly Ross", "HR Generalist, SHRM-CP", ("Columbus", "OH", "US"),
  "The whole employee life cycle for 300 people at a logistics company.",
  [("Buckeye Freight", "HR Generalist", "2020-01", "", "Onboarding, leave, benefits, investigations, ADP"),
   ("Buckeye Freight", "HR Assistant", "2018-05", "2019-12", "Files and new hires")],
  [("Ohio University", "Psychology", "Bachelor", "2018")],
  [("Employee relations", ()), ("Benefits", ()), ("FMLA and ADA", ()), ("ADP", ()), ("SHRM-CP", ())],
  {"hr/generalist": 3, "hr/safety": 2, "hr/comp": 1, "recruiter/trades": 1, "bookkeeper/payroll": 1, "recruiter/tech": 1},
  2, "col", levels={3: 0})

T("p38", """Tech recruiter (agency 2 years, in-house 4 years). I hire software engineers, data people and SREs: sourcing on LinkedIn and GitHub,
  Greenhouse, structured interviews, closing. 70 hires last year with Java, Go, Python, Kubernetes and machine learning profiles.
  Remote only please. Open to contract.""",
  {"recruiter/tech": 3, "recruiter/health": 1, "recruiter/trades": 1, "hr/generalist": 1, "sdr/tech": 0},
  2, "", remote="only", levels={3: 0}, prefs={"remote": True})

P("p39", "Ines Carvalho", "Research Associate, Cell Biology", ("Boston", "MA", "US"),
  "T-cell engineering: culture, transduction, flow. Three years in industry.",
  [("Helix Immune", "Research Associate II", "2022-06", "", "CAR-T discovery: primary T cells, lentiviral transduction, 14-colour flow, ELISA"),
   ("MIT", "Lab Technician", "2020-07", "2022-05", "CRISPR screens")],
  [("UMass Amherst", "Biochemistry", "Master", "2020")],
  [("Cell culture", ()), ("Flow cytometry", ()), ("CRISPR", ()), ("ELISA", ()), ("GraphPad", ())],
  {"research_associate/cell": 3, "research_associate/animal": 1, "research_associate/micro": 1, "research_associate/analytical": 1, "clinical_research/site": 1, "bioinformatics/ngs": 1},
  2, "bos", remote="no", levels={3: 0, 1: 1})

T("p40", """Sous chef, 8 years in New York kitchens (two with a star). French technique, sauces, butchery, tasting menus for 60 covers, ordering and
  food cost under 29%. ServSafe manager. Lead brigade of nine. I look for a sous or chef de cuisine position with serious food, not hotels with banquets, not chains.""",
  {"chef/fine": 3, "chef/hotel": 1, "chef/fast": 0},
  3, "nyc", remote="no", levels={4: 0, 2: 1})

P("p41", "Rosa Jimenez", "Front Office Manager", ("Phoenix", "AZ", "US"),
  "Resort hospitality for nine years, from night desk to running the front office. Opera expert.",
  [("Camelback Resort", "Front Office Manager", "2020-11", "", "Team of 24, 380 rooms, VIP arrivals, guest score 9.2"),
   ("Camelback Resort", "Guest Service Agent", "2016-05", "2020-10", "Reception and concierge")],
  [("Northern Arizona University", "Hotel Management", "Bachelor", "2016")],
  [("Guest relations", ()), ("Opera PMS", ()), ("Scheduling and coaching", ()), ("Spanish", ()), ("Revenue basics", ())],
  {"hotel/luxury": 3, "hotel/budget": 2, "store_manager/fashion": 1, "support/callcenter": 1, "admin/front": 0},
  4, "phx", remote="no", levels={3: 1, 5: 1, 2: 2}, has=("spanish",))

P("p42", "Daniel Kim", "Structural Engineer, EIT", ("Seattle", "WA", "US"),
  "Graduate engineer with one year in a bridge group. Steel, concrete, load rating.",
  [("Cascade Bridge Group", "Engineer I", "2024-08", "", "Load ratings and retrofit drawings, SAP2000, Civil 3D")],
  [("University of Washington", "Civil Engineering", "Master", "2024")],
  [("Structural analysis", ("SAP2000", "ETABS")), ("AASHTO LRFD", ()), ("AutoCAD Civil 3D", ()), ("EIT", ())],
  {"civil_engineer/structural": 3, "civil_engineer/transport": 2, "civil_engineer/water": 1, "civil_engineer/land": 1, "construction_mgr/commercial": 1},
  1, "sea", remote="no", levels={2: 1, 0: 1, 3: 3})

P("p43", "Leah Goldberg", "Performance Marketing Manager", ("Portland", "OR", "US"),
  "Paid acquisition for online shops: Google, Meta, TikTok; five million dollars spent with care.",
  [("Wildthread", "Performance Marketing Manager", "2021-09", "", "Google Ads and Meta, ROAS 3.4, landing page tests"),
   ("Spark Agency", "PPC Specialist", "2019-03", "2021-08", "Search campaigns for 20 clients")],
  [("University of Oregon", "Advertising", "Bachelor", "2019")],
  [("Google Ads", ("SEM", "Shopping")), ("Meta Ads", ()), ("GA4", ()), ("A/B testing", ()), ("Attribution", ())],
  {"marketing/performance": 3, "marketing/crm": 2, "marketing/content": 1, "marketing/brand": 1, "data_analyst/product": 1, "product_manager/growth": 1},
  2, "", remote="only", levels={3: 0}, prefs={"remote": True})

T("p44", """Unarmed security officer, 5 years hospital and office lobby posts in Atlanta. GA guard card, CPR, report writing, de-escalation, access control,
  cameras. Prefer nights. No firearm permit and do not want one.""",
  {"guard/unarmed": 3, "guard/retail": 2, "guard/armed": 0, "hotel/budget": 1, "dispatcher/emergency": 1, "infosec/soc": 0},
  2, "atl", remote="no", levels={1: 0, 3: 0, 4: 1})

P("p45", "Catherine Moore", "Chief Financial Officer", ("San Francisco", "CA", "US"),
  "CFO of two venture-backed software companies, one taken public. Before that investment banking and controllership.",
  [("Cloudpath", "CFO", "2019-01", "", "Series C to IPO; $140m ARR, team of 45", ["S-1 and roadshow", "Rule of 40 within two years"]),
   ("Vantage Software", "VP Finance", "2014-03", "2018-12", "Planning, billing, fund raising")],
  [("Stanford GSB", "Business", "MBA", "2006")],
  [("Capital raising", ("IPO", "venture debt")), ("SaaS metrics", ()), ("Board and investors", ()), ("M&A", ()), ("Team building", ())],
  {"cfo/saas": 3, "cfo/manufacturing": 2, "cfo/nonprofit": 1, "financial_analyst/fpa": 0, "accountant/gl": 0, "coo/logistics": 1},
  5, "sfo", far=1, levels={4: 1})

P("p46", "Arjun Mehta", "VP of Engineering", ("New York", "NY", "US"),
  "I lead software organisations of 50 to 150. Monolith to services twice, with fewer incidents afterwards.",
  [("Parcelwise", "VP Engineering", "2020-02", "", "Nine teams in three countries, SOC 2, $22m budget"),
   ("Quotely", "Director of Engineering", "2015-04", "2020-01", "Marketplace platform; hired 60")],
  [("Georgia Tech", "Computer Science", "Master", "2005")],
  [("Engineering leadership", ()), ("Hiring", ()), ("Cloud architecture", ("AWS", "microservices")), ("Budgeting", ()), ("SOC 2", ())],
  {"vp_eng/software": 3, "vp_eng/mechanical": 1, "backend/java": 1, "product_manager/b2b": 1, "devops/k8s_aws": 1},
  5, "nyc", far=1, levels={4: 1, 3: 3})

P("p47", "Katrin Vogel", "Gesundheits- und Krankenpflegerin, Intensivstation", ("Berlin", "Berlin", "DE"),
  "Seit zwölf Jahren in der Intensivpflege, Fachweiterbildung Anästhesie und Intensiv. Ich suche eine Klinik in Berlin mit verlässlichem Dienstplan.",
  [("Klinikum Spree", "Fachkrankenpflegerin ITS", "2015-04", "", "Beatmung, Weaning, Hämodialyse, Praxisanleitung"),
   ("St.-Josef-Krankenhaus", "Krankenpflegerin", "2012-10", "2015-03", "Innere Medizin")],
  [("Charité Gesundheitsakademie", "Gesundheits- und Krankenpflege", "Staatsexamen", "2012")],
  [("Intensivpflege", ("Beatmung", "Weaning", "Dialyse")), ("Praxisanleitung", ()), ("Fachweiterbildung I&A", ()), ("Notfallmanagement", ())],
  {"de_pflege/intensiv": 3, "de_pflege/altenpflege": 1, "de_pflege/ambulant": 1, "de_pflege/mfa": 0, "rn/icu": 1},
  3, "ber", remote="no", levels={2: 0, 4: 1}, prefs={"onsite": True, "locations": ["Berlin"]})

P("p48", "Carmen Ruiz", "Contable", ("Madrid", "Madrid", "ES"),
  "Contable con seis años de experiencia en pyme industrial: cierres, impuestos y auditoría. Busco puesto estable en Madrid.",
  [("Talleres Ibarra", "Contable", "2020-09", "", "Contabilidad general, cierre mensual, modelos 303 y 111, SAP"),
   ("Gestoría Castellana", "Auxiliar contable", "2018-09", "2020-08", "Facturas y conciliaciones")],
  [("Universidad Complutense", "Administración y Dirección de Empresas", "Grado", "2018")],
  [("Contabilidad general", ()), ("Impuestos", ("IVA", "IRPF", "sociedades")), ("SAP", ()), ("Excel", ()), ("Conciliación bancaria", ())],
  {"es_contable/general": 3, "es_contable/fiscal": 2, "es_contable/nominas": 1, "accountant/gl": 1, "es_contable/comercial": 0},
  2, "mad", levels={3: 0}, prefs={"remote": True, "onsite": True, "locations": ["Madrid"]})
