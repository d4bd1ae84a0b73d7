using System.Reflection;
using Bft.Crypto.Bls12381.Native;
using Xunit.Abstractions;

namespace Bft.Crypto.Tests.Bls12381.Native;

/// <summary>Every published case once more, computed by a native library: the real one where BFT_BLST names it, and the stand-in, which judges the binding.</summary>
[Collection(NativeCollection.Name)]
public sealed class NativeVectorTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose()
    {
        BlstStub.Reset();
        _folder.Dispose();
    }

    public static TheoryData<string, int> Families => new()
    {
        { nameof(SignatureVectorTests), 394 },
        { nameof(HashToCurveVectorTests), 52 },
        { nameof(GroupVectorTests), 577 },
        { nameof(Eip2537Tests), 542 },
    };

    [BlstTheory]
    [MemberData(nameof(Families))]
    public void Published_cases_by_the_library_that_the_environment_names(string family, int cases)
    {
        BlsBackend.Choice choice = BlsBackend.Choose(BlstTheoryAttribute.Library, AppContext.BaseDirectory);
        Assert.True(choice.Native is not null, choice.Notice);
        Run(choice, family, cases);
    }

    [StubTheory]
    [InlineData(nameof(SignatureVectorTests), 394)]
    [InlineData(nameof(HashToCurveVectorTests), 52)]
    public void Published_cases_by_the_stand_in(string family, int cases)
    {
        Run(BlsBackend.Choose(BlstStub.Compile(Path.Combine(_folder.FullPath, "libblst.so")), _folder.FullPath), family, cases);
        Assert.Empty(BlstStub.Complaints);
    }

    private void Run(BlsBackend.Choice choice, string family, int expected)
    {
        Type type = typeof(NativeVectorTests).Assembly.GetTypes().Single(one => one.Name == family);
        int cases = 0;
        List<string> failures = [];
        using (BlsBackend.Use(choice))
        {
            foreach (MethodInfo method in type.GetMethods().Where(one => one.GetCustomAttribute<TheoryAttribute>() is not null))
            {
                foreach (object[] row in method.GetCustomAttributes<MemberDataAttribute>().SelectMany(data => data.GetData(method)))
                {
                    cases++;
                    try
                    {
                        method.Invoke(Activator.CreateInstance(type), row);
                    }
                    catch (TargetInvocationException failure)
                    {
                        failures.Add($"{method.Name}({string.Join(", ", row)}): {failure.InnerException!.Message}");
                    }
                }
            }
        }

        output.WriteLine($"{family}: {cases} cases by {choice.Name}");
        Assert.True(failures.Count == 0, string.Join('\n', failures.Take(10)));
        Assert.Equal(expected, cases);
    }
}
