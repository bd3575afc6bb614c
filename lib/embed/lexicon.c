/* The words that the hash model knows. */
#include "embed/lexicon.h"

#include <stddef.h>

#define STOP_EN                                                                                                        \
    "a an and are as at be been being but by can could did do does each etc for from had has have he her his how i "   \
    "if in into is it its may me more most must my no not of off on once only or other our out over own per same "     \
    "she should so some such than that the their them then there these they this those through to too under until "    \
    "up us very via was we were what when where which while who whom why will with within without would you your "     \
    "yours am all any both few also re ve ll s t d m about across after again against before between during "          \
    "further here just nor now upon http https www com"
#define STOP_DE                                                                                                        \
    " aber als am auf aus bei bis das dass dein deine dem den der des die du durch ein eine einem einen einer eines "  \
    "er es fur hat haben ich ihr ihre ihren im in ist mit nach oder sich sie sind sowie uber um und uns unser unsere " \
    "unserem unseren unserer von vom wir wird werden zu zum zur w x mwd gn"
#define STOP_ES                                                                                                        \
    " al como con de del el ella en entre es esta este estos la las lo los mas muy nos nuestra nuestro nuestros o "    \
    "para pero por que se ser sin sobre son su sus tu tus un una unas uno unos y ya"
#define STOP_FR                                                                                                        \
    " au aux avec ce ces cette chez dans de des du elle en est et etre il ils je l le les leur leurs mais n ne nos "   \
    "notre nous ont ou par pas plus pour qu que qui sa sans se ses son sont sur ta te tes toi ton un une vos votre "   \
    "vous f h hf fh"

const jl_lexicon_weight jl_lexicon_weights[] = {
    {STOP_EN STOP_DE STOP_ES STOP_FR, 0},
    {"ability able apply applicant applicants application applications available based benefits best bring build "
     "building candidate candidates career careers come committed company competitive culture currently day daily "
     "days description duties dynamic employee employees employer employment ensure environment excellent exciting "
     "experience experienced fast first full fulltime get global good great grow growing growth help hire hiring hour "
     "hours ideal immediate immediately include includes including industry innovative job jobs join k key knowledge "
     "leading like looking love make many max min minimum month monthly need needed needs new offer offers "
     "opportunities opportunity part parttime passion passionate pay people perform plus position positions preferred "
     "proven provide provides qualifications qualified range rate related require required requirements "
     "responsibilities responsible role roles salary seeking self shift show skill skills starting strong successful "
     "support take tasks team teams time today together type understanding unique urgently use using various want well "
     "week weekly weeks work worker working workplace world year yearly years ihre aufgaben profil stelle suchen "
     "sucht bieten wunschen unternehmen mitarbeiter arbeiten arbeit erfahrung kenntnisse gute sehr team empresa "
     "trabajo experiencia buscamos ofrecemos puesto requisitos anos equipo entreprise poste travail recherchons "
     "recherche experience equipe profil missions competences ans cdi cdd",
     4},
    {"senior junior lead principal staff chief head associate assistant intern internship trainee entry level ii iii "
     "iv v mid graduate apprentice leiter leiterin praktikant praktikum becario stagiaire alternance jefe responsable "
     "principiante remote hybrid onsite contract contractor temporary permanent seasonal deputy",
     7},
    {"manager specialist engineer analyst director coordinator officer consultant representative technician "
     "administrator supervisor operator executive agent advisor management services service solutions systems system "
     "operations business professional expert general process program programs project projects ingenieur ingeniero "
     "spezialist berater techniker",
     11},
    {NULL, 0},
};

const char *const jl_lexicon_boilerplate =
    "race color colour religion religious creed sex gender orientation national origin ancestry citizenship age "
    "disability disabilities disabled veteran veterans marital pregnancy genetic protected status discriminate "
    "discrimination affirmative eeo eoe equal accommodation accommodations regard harassment everify "
    "dental vision insurance 401k 401 pto vacation holidays paid match medical hsa fsa parental leave retirement perks "
    "wellness reimbursement bonus stipend cookies privacy policy gdpr geschlecht herkunft religion behinderung alter "
    "weltanschauung identitat urlaubstage sexe handicap origine discapacidad genero";

const jl_lexicon_form jl_lexicon_forms[] = {
    {"sr", "senior"},
    {"snr", "senior"},
    {"jr", "junior"},
    {"jnr", "junior"},
    {"mgr", "manager"},
    {"mngr", "manager"},
    {"mgmt", "management"},
    {"mngmt", "management"},
    {"eng", "engineer"},
    {"engr", "engineer"},
    {"engineers", "engineer"},
    {"asst", "assistant"},
    {"assoc", "associate"},
    {"admin", "administrator"},
    {"dir", "director"},
    {"exec", "executive"},
    {"rep", "representative"},
    {"reps", "representative"},
    {"coord", "coordinator"},
    {"spec", "specialist"},
    {"supv", "supervisor"},
    {"tech", "technician"},
    {"dev", "developer"},
    {"devs", "developer"},
    {"developers", "developer"},
    {"swe", "software engineer"},
    {"sde", "software engineer"},
    {"sdet", "software engineer test"},
    {"sre", "site reliability engineer"},
    {"qa", "quality assurance"},
    {"ml", "machine learning"},
    {"ai", "artificial intelligence"},
    {"nlp", "natural language processing"},
    {"rn", "registered nurse"},
    {"lpn", "licensed practical nurse"},
    {"lvn", "licensed practical nurse"},
    {"cna", "certified nursing assistant"},
    {"np", "nurse practitioner"},
    {"md", "physician"},
    {"pt", "physical therapist"},
    {"ot", "occupational therapist"},
    {"er", "emergency room"},
    {"icu", "intensive care"},
    {"hr", "human resources"},
    {"pm", "project manager"},
    {"ba", "business analyst"},
    {"bi", "business intelligence"},
    {"ceo", "chief executive officer"},
    {"cfo", "chief financial officer"},
    {"cto", "chief technology officer"},
    {"coo", "chief operating officer"},
    {"cio", "chief information officer"},
    {"cmo", "chief marketing officer"},
    {"vp", "vice president"},
    {"svp", "senior vice president"},
    {"evp", "executive vice president"},
    {"avp", "assistant vice president"},
    {"cpa", "certified public accountant"},
    {"ap", "accounts payable"},
    {"ar", "accounts receivable"},
    {"cdl", "cdl commercial driver"},
    {"csr", "customer service representative"},
    {"sdr", "sales development representative"},
    {"bdr", "business development representative"},
    {"dba", "database administrator"},
    {"ux", "ux user experience design"},
    {"ui", "ui user interface design"},
    {"k8s", "kubernetes"},
    {"js", "javascript"},
    {"ts", "typescript"},
    {"py", "python"},
    {"golang", "go"},
    {"postgres", "postgresql"},
    {"nodejs", "node javascript"},
    {"reactjs", "react"},
    {"vuejs", "vue"},
    {"angularjs", "angular"},
    {"gcp", "google cloud"},
    {"tf", "terraform"},
    {"hvac", "hvac heating cooling"},
    {"cnc", "cnc machining"},
    {"maint", "maintenance"},
    {"mech", "mechanical"},
    {"elec", "electrical"},
    {"mfg", "manufacturing"},
    {"acct", "account"},
    {"accts", "account"},
    {"svc", "service"},
    {"svcs", "services"},
    {"ops", "operations"},
    {"intl", "international"},
    {"natl", "national"},
    {"dept", "department"},
    {"yrs", "years"},
    {"exp", "experience"},
    {"wfh", "remote"},
    {"nyc", "new york"},
    {"sf", "san francisco"},
    {"ingenieurin", "ingenieur"},
    {"entwicklerin", "entwickler"},
    {"softwareentwickler", "software entwickler"},
    {"softwareentwicklerin", "software entwickler"},
    {"softwareentwicklung", "software entwickler"},
    {"softwareingenieur", "software ingenieur"},
    {"ingeniera", "ingeniero"},
    {"desarrolladora", "desarrollador"},
    {"ingenieure", "ingenieur"},
    {"developpeuse", "developpeur"},
    {"technicien", "techniker"},
    {"technicienne", "techniker"},
    {"tecnico", "techniker"},
    {"projektleiter", "projekt leiter"},
    {"projektmanager", "projekt manager"},
    {NULL, NULL},
};

const jl_lexicon_field jl_lexicon_fields[] = {
    {"@senior", "senior lead principal staff"},
    {"@junior", "junior entry intern internship trainee graduate apprentice praktikant becario stagiaire principiante"},
    {"@head", "director head chief president vice executive leiter jefe direktor directeur"},
    {"@manager", "manager supervisor management leader leiter responsable gerente projektleiter chef"},
    {"@engineer", "engineer engineering ingenieur ingeniero ingenierie ingenieria architect developer"},
    {"@software",
     "software developer programmer programming coding coder entwickler programmierer desarrollador programador "
     "developpeur programmeur logiciel informaticien informatiker backend frontend fullstack api apis java javascript "
     "typescript python ruby rails php django spring golang rust kotlin swift scala cplusplus csharp dotnet aspnet "
     "node "
     "react angular vue ios android mobile microservices softwareengineer git agile"},
    {"@web",
     "web frontend html css javascript typescript react angular vue wordpress website fullstack webdesign node"},
    {"@backend", "backend fullstack java spring microservices api apis django node golang go rest graphql dotnet"},
    {"@mobile", "mobile ios android swift kotlin flutter reactnative"},
    {"@data",
     "data datos donnees daten analytics etl warehouse spark hadoop sql snowflake databricks airflow dbt bigquery "
     "datascience datascientist dataengineer dataanalyst tableau powerbi statistics statistical datawarehouse kafka "
     "datenanalyst pandas"},
    {"@learning",
     "machinelearning deeplearning tensorflow pytorch keras nlp computervision artificialintelligence neural llm llms "
     "datascience datascientist scikit modeling"},
    {"@analysis", "analyst analytics analysis tableau powerbi excel businessintelligence reporting dashboards analyste "
                  "analista"},
    {"@cloud",
     "cloud aws azure googlecloud devops kubernetes docker terraform ansible jenkins infrastructure sitereliability "
     "reliability linux ci cd platform observability prometheus sysadmin"},
    {"@network", "network networking cisco router firewall routers lan wan ccna netzwerk telecom telecommunications"},
    {"@security",
     "cybersecurity infosec informationsecurity siem soc penetration pentest vulnerability cyber cissp threat "
     "securityengineer securityanalyst"},
    {"@support", "helpdesk desktop itsupport technicalsupport troubleshooting servicedesk servicenow"},
    {"@database", "database databases sql postgresql mysql oracle mongodb redis nosql databaseadministrator"},
    {"@test", "test testing tester qualityassurance selenium automation cypress testautomation"},
    {"@product", "product productmanager productowner roadmap backlog scrum productmanagement"},
    {"@project",
     "project projectmanager pmp scrum agile projectmanagement projekt proyecto projet proyectos scrummaster"},
    {"@design", "design designer ux ui figma sketch prototyping wireframes graphic illustrator photoshop indesign "
                "creative disenador disenadora designerin graphiste"},
    {"@nurse",
     "nurse nursing nurses bsn acls krankenschwester krankenpfleger pflegefachkraft pflegefachmann pflegefachfrau "
     "pflege "
     "altenpfleger gesundheitspfleger enfermera enfermero enfermeria infirmier infirmiere soignant registerednurse "
     "practicalnurse bls patients patient icu"},
    {"@health",
     "health healthcare medical clinical hospital patient patients clinic physician nurse nursing care caregiver "
     "therapist pharmacy surgical arzt arztin krankenhaus medico medica clinica medecin hopital sante salud "
     "radiology phlebotomy phlebotomist icu telemetry hospice bls acls"},
    {"@doctor",
     "physician doctor surgeon md hospitalist internist psychiatrist arzt arztin medico medecin practitioner"},
    {"@therapy", "therapist therapy physicaltherapist occupationaltherapist rehabilitation rehab speech slp "
                 "physiotherapeut fisioterapeuta kinesitherapeute pathologist"},
    {"@mental",
     "counselor therapist behavioral psychologist psychology lcsw socialworker socialwork mental psychiatric"},
    {"@pharmacy", "pharmacist pharmacy pharmaceutical apotheker farmaceutico pharmacien prescription medication"},
    {"@dental", "dentist dental hygienist orthodontic zahnarzt dentista dentiste"},
    {"@lab", "laboratory lab scientist chemist chemistry biology biologist assay pcr research microbiology biotech "
             "labor forscher"},
    {"@care",
     "caregiver homehealth nursingassistant aide aides cna hha elderly seniorcare personalcare betreuer cuidador"},
    {"@account",
     "accountant accounting accounts bookkeeper bookkeeping ledger payable receivable audit auditor tax gaap "
     "quickbooks "
     "reconciliation reconciliations payroll buchhalter buchhaltung contable contador contabilidad comptable "
     "comptabilite controller invoices"},
    {"@finance",
     "finance financial accounting banking bank investment treasury fpa budgeting forecasting cfo auditor credit "
     "finanzen finanzas finanzbuchhalter financier loan mortgage equity portfolio underwriter cfa"},
    {"@insurance",
     "insurance underwriter underwriting claims adjuster actuary actuarial versicherung seguros assurance"},
    {"@law", "attorney lawyer legal counsel paralegal litigation law contracts compliance anwalt rechtsanwalt jurist "
             "abogado abogada avocat juriste juridique"},
    {"@hr", "humanresources recruiter recruiting recruitment talent onboarding hris payroll staffing personal "
            "personalreferent "
            "reclutador recrutement humanos humaines sourcing"},
    {"@sales",
     "sales selling salesperson accountexecutive accountmanager businessdevelopment quota prospecting crm salesforce "
     "vertrieb verkauf verkaufer verkauferin ventas vendedor vendedora comercial vente vendeur vendeuse commercial "
     "seller "
     "b2b closing leads"},
    {"@marketing",
     "marketing seo sem brand branding campaigns campaign socialmedia content advertising digitalmarketing hubspot "
     "copywriter mercadotecnia ppc googleads emailmarketing publicrelations communications"},
    {"@service", "customerservice customersupport callcenter customersuccess customer customers client clients "
                 "kundenservice kundenbetreuer cliente clientes client inbound zendesk"},
    {"@retail",
     "retail store cashier merchandising shop associatestore storemanager einzelhandel filiale tienda cajero "
     "magasin caissier pos inventory stocker merchandiser"},
    {"@food", "cook chef kitchen restaurant food culinary server waiter waitress bartender barista dishwasher catering "
              "koch kochin "
              "kellner cocinero cocinera cocina camarero cuisinier cuisine serveur sous baker linecook"},
    {"@hotel", "hotel hospitality housekeeping housekeeper frontdesk concierge guest guests rezeption recepcionista "
               "receptionniste"},
    {"@office",
     "receptionist administrativeassistant executiveassistant secretary clerk clerical dataentry officemanager filing "
     "calendar scheduling sekretar sekretarin secretaria secretario secretaire administrative administrativo "
     "administratif sachbearbeiter"},
    {"@teach",
     "teacher teaching tutor instructor professor school classroom curriculum education educator faculty students "
     "lehrer "
     "lehrerin profesor profesora maestro maestra enseignant enseignante professeur paraprofessional lecturer"},
    {"@child", "childcare preschool nanny daycare toddler infant erzieher erzieherin kindergarten babysitter children"},
    {"@drive",
     "driver drivers driving truck cdl trucking delivery otr fahrer lkw kraftfahrer conductor repartidor chauffeur "
     "livreur courier dispatcher fleet hazmat tractor trailer"},
    {"@warehouse",
     "warehouse forklift picker packer shipping receiving inventory logistics lagerist lager staplerfahrer almacen "
     "mozo carretillero magasinier cariste entrepot preparateur orderpicker materialhandler distribution"},
    {"@supply", "supplychain procurement purchasing buyer sourcing logistics einkauf einkaufer compras achats acheteur "
                "logistik logistica logistique planner vendor"},
    {"@make", "manufacturing production machinist machining assembler assembly fabrication lean sixsigma factory plant "
              "produktion fertigung fabrica produccion usine operario mechatroniker zerspanungsmechaniker "
              "industriemechaniker cnc "
              "lathe mill"},
    {"@weld", "welder welding fabricator mig tig schweisser soldador soudeur brazing"},
    {"@electric",
     "electrician electrical wiring elektriker elektroniker electricista electricien journeyman plc voltage"},
    {"@plumb", "plumber plumbing hvac pipefitter heating cooling refrigeration klempner anlagenmechaniker fontanero "
               "plombier boiler"},
    {"@mechanic",
     "mechanic automotive diesel mechaniker mecanico mecanicien kfz vehicle repair technicianautomotive brakes "
     "engines"},
    {"@mechanical", "mechanicalengineer mechanical solidworks cad autocad maschinenbau thermal hydraulic mechanik"},
    {"@civil", "civil structural civilengineer bauingenieur surveying geotechnical transportation bridges autocad "
               "surveyor"},
    {"@build",
     "construction carpenter carpentry roofing superintendent concrete foreman contractor framing bau bauleiter "
     "tischler zimmermann construccion carpintero albanil batiment chantier macon charpentier estimator drywall "
     "painter "
     "mason"},
    {"@clean",
     "cleaner cleaning janitor custodian janitorial housekeeping reinigungskraft limpieza limpiador nettoyage "
     "menage"},
    {"@guard",
     "securityguard securityofficer guard patrol surveillance police wachmann vigilante gardien lawenforcement"},
    {"@maintain", "maintenance repair technicianmaintenance facilities preventive instandhaltung wartung mantenimiento "
                  "handyman groundskeeper"},
    {"@land", "landscaping landscaper gardener gartner jardinero jardinier farm agriculture horticulture arborist "
              "groundskeeper"},
    {"@property", "realestate property leasing realtor apartment tenant immobilien inmobiliario immobilier brokerage"},
    {"@write", "writer editor editing copywriter content journalist technicalwriter redakteur redactor redacteur "
               "proofreading editorial"},
    {"@social", "socialworker socialwork casemanager casework nonprofit community sozialarbeiter trabajadorsocial "
                "socialservices"},
    {"@beauty", "hair stylist cosmetologist salon barber esthetician nail friseur peluquero coiffeur spa massage"},
    {"@vet", "veterinary veterinarian animal animals vettech tierarzt veterinario veterinaire kennel"},
    {"@energy", "energy solar wind oil gas power utility pipeline drilling renewable energie energia"},
    {"@embedded",
     "embedded firmware rtos microcontroller fpga verilog hardware electronics pcb semiconductor asic vhdl"},
    {"@sap", "sap erp abap s4hana netsuite dynamics peoplesoft workday"},
    {"@consult", "consultant consulting advisory berater beratung consultor conseil unternehmensberater"},
    {"@learn", "training trainer coaching instructionaldesigner facilitator elearning learninganddevelopment"},
    {"@media", "video photographer photography film editor animation videographer audio broadcast producer"},
    {NULL, NULL},
};
